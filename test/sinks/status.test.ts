import { expect, test } from 'vitest'
import type { SinkEvent } from '../../src/contracts/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { bench, rows } from './harness.ts'

test('status tells what is not visible, and since when', async () => {
  const inner = memoryStore()
  let down = true
  const store = {
    ...inner,
    put: async (...args: Parameters<typeof inner.put>) => {
      if (down) throw new TypeError('no route')
      return inner.put(...args)
    },
  }
  let committed = (): void => {}
  const visible = new Promise<void>((resolve) => (committed = resolve))
  const onEvent = ({ type }: SinkEvent): void => {
    if (type === 'committed') committed()
  }
  const { sink, clock } = bench({ store, onEvent, rotate: { records: 3 } })
  expect(sink.status()).toEqual({ openFiles: 0, sealedFiles: 0, pendingBytes: 0, lagMs: 0 })
  await sink.write(rows(0, 3))
  await clock.advance(400)
  await sink.write(rows(3, 5))
  await clock.advance(100)
  expect(sink.status()).toMatchObject({ openFiles: 1, sealedFiles: 1, lagMs: 500 })
  const { pendingBytes } = sink.status()
  down = false
  await clock.advance(1000)
  await visible
  expect(sink.status()).toMatchObject({ openFiles: 1, sealedFiles: 0, lagMs: 1100 })
  expect(sink.status().pendingBytes).toBeLessThan(pendingBytes)
  // A clock that was set back makes nothing younger than nothing.
  clock.setNow(0)
  expect(sink.status().lagMs).toBe(0)
  await sink.close()
  expect(sink.status()).toEqual({ openFiles: 0, sealedFiles: 0, pendingBytes: 0, lagMs: 0 })
})
