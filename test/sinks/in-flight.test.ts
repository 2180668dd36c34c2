import { expect, test } from 'vitest'
import { budgetOf } from '../../src/sinks/policy/budget.ts'
import { ENTRY, InFlight } from '../../src/sinks/publish/in-flight.ts'
import type { Queued } from '../../src/sinks/publish/publish-queue.ts'

const MIB = 1024 ** 2

test('what a large file leaves is kept for the next one, until a small one needs the room', () => {
  const inFlight = new InFlight(
    budgetOf({
      memoryBytes: 64 * MIB,
      maxPendingBytes: 64 * MIB,
      maxRecordBytes: MIB,
      inMemory: true,
    }),
  )
  const partBytes = 1000
  inFlight.spare.give([new Uint8Array(partBytes)])
  inFlight.begin({} as Queued, { bytes: 20 * MIB, concurrency: 2 })
  inFlight.begin({} as Queued, ENTRY)
  expect(inFlight.spare.has(partBytes)).toBe(true)
  inFlight.begin({} as Queued, { bytes: 300_000, concurrency: 1 })
  expect(inFlight.spare.has(partBytes)).toBe(false)
})
