import { describe, expect, test } from 'vitest'
import type { LogState, ProducerRun } from '../../src/contracts/index.ts'
import { VisibleEpochs } from '../../src/sinks/visible-epochs.ts'
import {
  AS_JSONL,
  LANE,
  OF_RUN,
  OTHER,
  pending,
  sealed,
} from '../../src/testing/log-cases/tools.ts'

/** A log in which the records 10 to 30 of a lane wait, sealed and open. */
function stateWith(ranges: ProducerRun['ranges'], encoding = OF_RUN): LogState {
  const times = { openedAtMs: 0, lastAtMs: 0 }
  return {
    lanes: [{ lane: LANE, begin: 20, end: 30, bytes: 0, ...times, encoding }],
    sealed: [pending(sealed(LANE, 10, 20), encoding)],
    runs: [{ id: 'a', epoch: 1, ranges }],
  }
}

const at = (begin: number, lane = LANE) => ({ lane, begin, end: begin + 1 })

describe('an epoch', () => {
  test.each([
    [0, 9, true, false],
    [0, 10, true, true],
    [9, 29, true, true],
    [10, 29, false, false],
    [20, 20, false, false],
  ])('that brought %i first and %i last', (first, last, isVisible, isWaiting) => {
    const epochs = new VisibleEpochs(stateWith([at(first), at(last)]))
    expect(epochs.has({ id: 'a', epoch: 1 })).toBe(isVisible)
    expect(epochs.isWaiting).toBe(isWaiting)
    expect(epochs.has({ id: 'a', epoch: 2 })).toBe(false)
  })

  test('is known by its lane, too', () => {
    expect(new VisibleEpochs(stateWith([at(20, OTHER), at(20)])).isWaiting).toBe(true)
  })

  test('of which nobody knows what it brought may have visible records, and waiting ones where some of a run wait', () => {
    for (const [encoding, isWaiting] of [
      [OF_RUN, true],
      [AS_JSONL, false],
    ] as const) {
      const epochs = new VisibleEpochs(stateWith(undefined, encoding))
      expect(epochs.has({ id: 'a', epoch: 1 })).toBe(true)
      expect(epochs.isWaiting).toBe(isWaiting)
    }
  })
})
