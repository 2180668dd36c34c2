import { describe, expect, test } from 'vitest'
import type { RunsPlan } from '../../../src/testing/simulator/bytewax/runs-plan.ts'
import { simulateRuns } from '../../../src/testing/simulator/bytewax/simulate-runs.ts'

/** `npm run simulate -- bytewax --seeds 10000` runs more of them. */
const SEEDS = 400
/** No plain life has so many. */
const MAX_PLAIN_STEPS = 500

describe('whatever crashes, the output is the same', () => {
  test(`${SEEDS} seeds`, { timeout: 120_000 }, async () => {
    let executions = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = await simulateRuns(seed)
      expect(outcome.violation, `seed ${seed}\n${outcome.lines.join('\n')}`).toBeUndefined()
      executions += outcome.executions
    }
    // They do crash.
    expect(executions).toBeGreaterThan(3 * SEEDS)
  })

  const calm = { faultRate: 0, killRate: 0, zombieRate: 0, items: 6, batchItems: 2, epochMs: 0 }
  const plans: Partial<RunsPlan>[] = (['store', 'files'] as const).flatMap((output) =>
    (['store', 'log'] as const).map((recovery) => ({ ...calm, output, recovery, parts: 2 })),
  )

  // The seed says what dies with the process: its machine too, or nothing.
  test.each(plans)('killed at every step: $output, recovery in a $recovery', async (plan) => {
    for (const seed of [1, 2]) {
      let killAtStep = 0
      for (; killAtStep < MAX_PLAIN_STEPS; killAtStep++) {
        const { steps, violation, lines } = await simulateRuns(seed, { plan, killAtStep })
        expect(violation, `killed before step ${killAtStep}\n${lines.join('\n')}`).toBeUndefined()
        if (steps <= killAtStep) break
      }
      expect(killAtStep).toBeGreaterThan(30)
      expect(killAtStep).toBeLessThan(MAX_PLAIN_STEPS)
    }
  })

  test('the same seed gives the same trace, to the letter', async () => {
    const trace = async (): Promise<string> => {
      const lines: string[] = []
      const { digest } = await simulateRuns(7, { onLine: (line) => void lines.push(line) })
      return [...lines, digest].join('\n')
    }
    const first = await trace()
    await simulateRuns(8)
    expect(await trace()).toBe(first)
  })
})
