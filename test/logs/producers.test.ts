import { describe, expect, test } from 'vitest'
import { earlierAnswer, type ProducerWindow, withAnswer } from '../../src/logs/producers.ts'
import { KEEP_ANSWERS, KEEP_ANSWERS_LENGTH } from '../../src/logs/retention.ts'
import { step } from '../../src/testing/log-cases/tools.ts'

const textOf = (length: number): string =>
  JSON.stringify({ ranges: [], rejected: ['x'.repeat(length)] })

/** A window after these requests, whose answers have these lengths. */
function windowAfter(lengths: readonly number[], epoch = 0): ProducerWindow {
  let window: ProducerWindow | undefined
  for (const [seq, length] of lengths.entries()) {
    window = withAnswer(window, step(seq, { epoch }), textOf(length))
  }
  return window as ProducerWindow
}

/** The sequences of which the window still knows the answer. */
function known(window: ProducerWindow): number[] {
  return Array.from({ length: window.seq + 1 }, (_, seq) => seq).filter((seq) => {
    try {
      return earlierAnswer(step(seq), window)?.duplicate
    } catch (error) {
      expect(error).toMatchObject({
        code: 'already-exists',
        retryable: false,
        producerId: step(0).id,
        expectedSeq: window.seq + 1,
      })
      return false
    }
  })
}

describe("a producer's window", () => {
  test('holds the last requests, so many of them', () => {
    const window = windowAfter(Array.from({ length: KEEP_ANSWERS + 3 }, () => 0))
    expect(known(window)).toEqual(Array.from({ length: KEEP_ANSWERS }, (_, i) => i + 3))
  })

  test('holds fewer where the answers are long, and the last one in any case', () => {
    const third = Math.floor(KEEP_ANSWERS_LENGTH / 3) - textOf(0).length
    expect(known(windowAfter([third, third, third, 10]))).toEqual([0, 1, 2, 3])
    expect(known(windowAfter([10, third, third, third, 10]))).toEqual([1, 2, 3, 4])
    expect(known(windowAfter([10, KEEP_ANSWERS_LENGTH]))).toEqual([0, 1])
    // What stays is without a gap.
    expect(known(windowAfter([10, KEEP_ANSWERS_LENGTH, 10, 10]))).toEqual([2, 3])
  })

  test('is of one epoch', () => {
    const window = withAnswer(windowAfter([1, 1, 1]), step(0, { epoch: 1 }), textOf(0))
    expect(window).toMatchObject({ epoch: 1, seq: 0, answers: [{ hash: step(0).hash }] })
    expect(() => earlierAnswer(step(1, { epoch: 2 }), window)).toThrow(
      expect.objectContaining({ code: 'conflict', expectedSeq: 0 }),
    )
  })
})
