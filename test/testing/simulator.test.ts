import { describe, expect, test, vi } from 'vitest'
import { simulate } from '../../src/testing/simulator/simulate.ts'

/** `npm run simulate -- --seeds 10000` runs more of them. */
const SEEDS = 500

/** Nobody runs this many steps in the plain life. */
const MAX_PLAIN_STEPS = 500

describe('simulate', () => {
  test(`${SEEDS} seeds pass`, { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation } = await simulate(seed)
      expect(violation, `npm run simulate -- --seed ${seed}`).toBeUndefined()
    }
  })

  // The seed says what ends with the process: its machine too, or nothing, or that it is told before.
  test.each([1, 2])('a plain life passes, killed at every step of it: seed %i', async (seed) => {
    let killAtStep = 0
    for (; killAtStep < MAX_PLAIN_STEPS; killAtStep++) {
      const { steps, violation } = await simulate(seed, { killAtStep })
      expect(violation, `killed before step ${killAtStep}`).toBeUndefined()
      if (steps <= killAtStep) break
    }
    expect(killAtStep).toBeGreaterThan(50)
    expect(killAtStep).toBeLessThan(MAX_PLAIN_STEPS)
  })

  test('the same seed gives the same trace, to the letter, and another seed another one', async () => {
    const trace = async (seed: number): Promise<string> => {
      const lines: string[] = []
      const { digest } = await simulate(seed, { onLine: (line) => void lines.push(line) })
      return [...lines, digest].join('\n')
    }
    const first = await trace(7)
    await simulate(8)
    expect(await trace(7)).toBe(first)
    expect(await trace(8)).not.toBe(first)
  })

  test('what it replaces comes back', async () => {
    const replaced = (): unknown[] => [
      ...[globalThis.setTimeout, Date.now, Math.random, AbortSignal.any],
      crypto.getRandomValues,
    ]
    const before = replaced()
    await simulate(1)
    expect(replaced()).toEqual(before)
    expect(Object.keys(crypto.subtle)).toEqual([])
  })

  // Its platform keeps a combined signal, and all that hangs on it, for as long as somebody listens: the dead do.
  test('combines no signals by its platform', async () => {
    const any = vi.spyOn(AbortSignal, 'any')
    try {
      await simulate(1)
      expect(any).not.toHaveBeenCalled()
    } finally {
      any.mockRestore()
    }
  })
})
