import { expect, test } from 'vitest'
import type { SinkEvent } from '../../src/contracts/index.ts'
import { bench, key, rows } from './harness.ts'

test('what happens is told in the order in which it happens', async () => {
  const events: SinkEvent[] = []
  const { sink } = bench({
    rotate: { records: 2 },
    onEvent: (event) => ['appended', 'sealed'].includes(event.type) && events.push(event),
  })
  const producer = { id: 'p', epoch: 0, seq: 0 }
  await sink.write([...rows(0, 3), { id: Number.NaN }], { producer })
  await sink.write([...rows(0, 3), { id: Number.NaN }], { producer })
  expect(await sink.close()).toMatchObject({ accepted: 3, rejected: 1 })
  expect(events).toMatchObject([
    { type: 'appended', accepted: 3, rejected: 1, duplicate: false },
    { type: 'sealed', key: key(0, 2), reason: 'records', records: 2, rowBytes: expect.any(Number) },
    { type: 'appended', accepted: 3, rejected: 1, duplicate: true, bytes: 0 },
    { type: 'sealed', key: key(2, 3), reason: 'close', records: 1 },
    { type: 'sealed', key: key(0, 1, '_rejected', 'rejected'), reason: 'close', records: 1 },
  ])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('mine')
    },
  ],
  ['rejects', () => Promise.reject(new Error('mine'))],
  ['never answers', () => new Promise(() => {})],
])('an observer that %s changes nothing', async (_, onEvent) => {
  const { sink } = bench({ onEvent: onEvent as () => void })
  await sink.write(rows(0, 2))
  expect(await sink.close()).toMatchObject({ accepted: 2, files: [{ records: 2 }] })
})
