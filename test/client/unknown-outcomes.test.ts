import { describe, expect, test } from 'vitest'
import type { HttpSink } from '../../src/client/http-sink.ts'
import type { Row } from '../../src/contracts/index.ts'
import { storedRows } from '../http/tools.ts'
import { type Fault, type LocalServer, localServer } from './local-server.ts'

const A: Row[] = [{ record: 'a' }]
const B: Row[] = [{ record: 'b' }]
const kept502: Fault = { status: 502, kept: true }
const UNKNOWN = ['network', 'timeout', 'aborted', 'unavailable', 'protocol']

async function stored({ service }: LocalServer): Promise<unknown[]> {
  await service.flights.flush()
  return (await storedRows(service.store, 'flights/')).map(({ record }) => record)
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'resolved',
    (error: unknown) => (error as { code: string }).code,
  )
}

describe('a request whose outcome is unknown', () => {
  test.each<[string, (Fault | undefined)[], string]>([
    ['kept, the answer lost, then 401', ['answer lost', { status: 401 }], 'network'],
    [
      'kept, the answer lost, then 413',
      ['answer lost', { status: 413, code: 'too-large' }],
      'network',
    ],
    ['kept, and 502 until it is given up', [kept502, kept502, kept502], 'unavailable'],
    ['kept, and 504', [{ status: 504, kept: true }, { status: 403 }], 'unavailable'],
    ['kept, and 408', [{ status: 408, kept: true }, { status: 404 }], 'timeout'],
    ['kept, and answered by a page', [{ status: 200, kept: true }], 'protocol'],
    ['kept, and a redirect', [{ status: 300, kept: true }], 'protocol'],
    [
      'not kept, and answered by JSON of somebody else',
      ['answered by no server of ours'],
      'protocol',
    ],
    ['never arrived', ['request lost', 'request lost', 'request lost'], 'network'],
  ])(
    '%s: the error says so; the next write is kept behind it, each of them once',
    async (_, faults, code) => {
      await using server = await localServer()
      const sink = server.sink()
      server.break(...faults)
      expect(await codeOf(sink.write(A))).toBe(code)
      const ack = await sink.write(B)
      expect(ack).toMatchObject({
        accepted: 1,
        duplicate: false,
        receipt: { ranges: [{ begin: 1 }] },
      })
      expect(await stored(server)).toEqual(['a', 'b'])
      // The open request again, and then the new one: never another epoch.
      expect(server.seen.slice(-2)).toEqual(['0.0 200', '0.1 200'])
      expect(await sink.close()).toMatchObject({ accepted: 2, rejected: 0 })
    },
  )

  test.each<[string, (Fault | undefined)[]]>([
    ['502 until it is given up', [kept502, kept502, kept502]],
    ['the answer lost, then 401', ['answer lost', { status: 401 }]],
  ])('the same rows written again are the same request: %s', async (_, faults) => {
    await using server = await localServer()
    const sink = server.sink()
    server.break(...faults)
    expect(UNKNOWN).toContain(await codeOf(sink.write(A)))
    expect(await sink.write(A)).toMatchObject({ accepted: 1, duplicate: true })
    expect(await stored(server)).toEqual(['a'])
    // Once known, equal rows are new ones.
    expect(await sink.write(A)).toMatchObject({ accepted: 1, duplicate: false })
    expect(await stored(server)).toEqual(['a', 'a'])
  })

  test('also when a flush has found out in between what became of it', async () => {
    await using server = await localServer()
    const sink = server.sink()
    server.break(kept502, kept502, kept502)
    expect(await codeOf(sink.write(A))).toBe('unavailable')
    expect(await sink.flush()).toMatchObject([{ records: 1 }])
    expect(await sink.write(A)).toMatchObject({ accepted: 1, receipt: { ranges: [{ begin: 0 }] } })
    expect(await sink.close()).toMatchObject({ accepted: 1, files: [{ records: 1 }] })
    expect(await stored(server)).toEqual(['a'])
  })

  test('a write in several requests goes on where it stopped', async () => {
    await using server = await localServer()
    const sink = server.sink({ maxBodyRecords: 1 })
    const rows = [...A, ...B, { record: 'c' }]
    server.break(undefined, 'answer lost', { status: 401 })
    const error = await sink.write(rows).catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'network' })
    expect((error as Error).message).toContain('first 1 records')
    const ack = await sink.write(rows)
    expect(ack).toMatchObject({ accepted: 3, receipt: { ranges: [{ begin: 0, end: 3 }] } })
    expect(await stored(server)).toEqual(['a', 'b', 'c'])
  })

  test('and so does one that was refused in the middle', async () => {
    await using server = await localServer()
    const sink = server.sink({ maxBodyRecords: 1 })
    const slow: Fault = { status: 429 }
    server.break(undefined, slow, slow, slow)
    expect(await codeOf(sink.write([...A, ...B]))).toBe('slow-down')
    expect(await sink.write([...A, ...B])).toMatchObject({ accepted: 2 })
    expect(await stored(server)).toEqual(['a', 'b'])
  })

  test('as long as it cannot be settled, nothing else is sent, and close() does not say that all is well', async () => {
    await using server = await localServer()
    const sink = server.sink()
    server.breakForEver(kept502)
    expect(await codeOf(sink.write(A))).toBe('unavailable')
    const error = await sink.write(B).catch((caught: unknown) => caught as Error)
    expect((error as Error).message).toMatch(/^Nothing of this write was sent/)
    expect(await codeOf(sink.close())).toBe('unavailable')
    expect(server.seen.every((one) => one === '0.0 200')).toBe(true)
    server.breakForEver(undefined)
    expect(await sink.close()).toMatchObject({ accepted: 1, files: [{ records: 1 }] })
    expect(await stored(server)).toEqual(['a'])
  })

  test('a signal that fires before anything is sent leaves nothing open', async () => {
    await using server = await localServer()
    const sink = server.sink()
    expect(await codeOf(sink.write(A, { signal: AbortSignal.abort() }))).toBe('aborted')
    await sink.write(B)
    expect(await stored(server)).toEqual(['b'])
  })
})

describe('a sink that begins anew with a higher epoch', () => {
  test('is not taken for the one before, whose writes failed', async () => {
    await using server = await localServer()
    const first = server.sink({ producer: { id: 'agent-7', epoch: 0 } })
    server.break('request lost', 'request lost', 'request lost')
    expect(await codeOf(first.write([{ record: 'boot 1' }]))).toBe('network')
    await first.write([{ record: 'started' }])
    const second = server.sink({ producer: { id: 'agent-7', epoch: 1 } })
    expect(await second.write([{ record: 'started' }])).toMatchObject({ duplicate: false })
    await second.write([{ record: 'after' }])
    expect(await stored(server)).toEqual(['boot 1', 'started', 'started', 'after'])
  })

  test('ends the one before, which says so and stays so', async () => {
    await using server = await localServer()
    const producer = { id: 'agent-7', epoch: 0 }
    const first = server.sink({ producer })
    await first.write(A)
    const second = server.sink({ producer: { ...producer, epoch: 1 } })
    await second.write(B)
    for (let again = 0; again < 2; again++) {
      await expect(first.write(A)).rejects.toMatchObject({ code: 'fenced', producerId: 'agent-7' })
    }
    // What it was acknowledged is told all the same.
    expect(await first.close()).toMatchObject({ accepted: 1 })
    expect(await stored(server)).toEqual(['a', 'b'])
  })

  test('while a request of the one before is open: that one is told that it is unknown', async () => {
    await using server = await localServer()
    const first: HttpSink = server.sink({ producer: { id: 'agent-7', epoch: 0 } })
    server.break('answer lost', { status: 401 })
    expect(await codeOf(first.write(A))).toBe('network')
    await server.sink({ producer: { id: 'agent-7', epoch: 1 } }).write(B)
    expect(await codeOf(first.write(A))).toBe('network')
    expect(await codeOf(first.write(A))).toBe('fenced')
    expect(await stored(server)).toEqual(['a', 'b'])
  })
})

describe('a write with a producer step of its own', () => {
  test('that was kept long ago is known to be, though an answer was lost', async () => {
    await using server = await localServer()
    const sink = server.sink()
    const write = (seq: number) =>
      sink.write([{ seq }], { producer: { id: 'mine', epoch: 0, seq } })
    for (let seq = 0; seq < 40; seq++) await write(seq)
    server.break('answer lost')
    await expect(write(0)).rejects.toMatchObject({ code: 'already-exists', expectedSeq: 40 })
  })

  test('is unknown as well, and repeated by its caller', async () => {
    await using server = await localServer()
    const sink = server.sink()
    const options = { producer: { id: 'mine', epoch: 3, seq: 0 } }
    server.break('answer lost', { status: 401 })
    expect(await codeOf(sink.write(A, options))).toBe('network')
    expect(await sink.write(A, options)).toMatchObject({ accepted: 1, duplicate: true })
    expect(await stored(server)).toEqual(['a'])
    expect((await sink.close()).files).toMatchObject([{ records: 1 }])
  })
})
