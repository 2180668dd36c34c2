import { expect, test } from 'vitest'
import { problemOf, service, TOKENS } from './tools.ts'

const STATUS = '/v1/streams/flights/status'

test('what is not visible yet, and why each open file is', async () => {
  const { send, post, flights } = await service({}, { partition: ['a'] })
  await post('/v1/streams/flights/records', '{"a":1}\n{"a":2}\n{"a":2}')
  const status = (await (await send(STATUS)).json()) as Record<string, unknown>
  expect(status).toMatchObject({ openFiles: 2, sealedFiles: 0, lagMs: expect.any(Number) })
  expect(status.pendingBytes).toBeGreaterThan(0)
  expect(status.open).toMatchObject([
    { lane: { partition: 'a=1' }, records: 1, limits: [{ reason: 'age' }, {}, {}, {}] },
    { lane: { partition: 'a=2' }, records: 2, why: expect.stringMatching(/^2 records since /) },
  ])
  await flights.flush()
  expect(await (await send(STATUS)).json()).toMatchObject({ openFiles: 0, lagMs: 0, open: [] })
})

test('tells of 1,000 open files, those that were opened first, and counts all', async () => {
  const { send, post } = await service({}, { partition: ['a'], maxOpenFiles: 2000 })
  const body = Array.from({ length: 1100 }, (_, a) => JSON.stringify({ a })).join('\n')
  await post('/v1/streams/flights/records', body)
  const { openFiles, open } = (await (await send(STATUS)).json()) as Record<string, unknown[]>
  expect(openFiles).toBe(1100)
  expect(open).toHaveLength(1000)
})

test('is for those who may read', async () => {
  const { send } = await service()
  expect((await send(STATUS, {}, TOKENS.flightsReader)).status).toBe(200)
  const refused = await send(STATUS, {}, TOKENS.flightsWriter)
  expect(refused.status).toBe(403)
  expect(await problemOf(refused)).toMatchObject({ code: 'permission-denied' })
  expect((await send(STATUS, {}, null)).status).toBe(401)
  expect((await send('/v1/streams/none/status')).status).toBe(404)
})

test('a sink that is over is the server’s failure', async () => {
  const { send, flights } = await service()
  await flights.close()
  expect((await send(STATUS)).status).toBe(503)
})
