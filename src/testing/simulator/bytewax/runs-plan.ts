import { PLAIN, type Plan } from '../plan.ts'
import type { Random } from '../random.ts'

/** What a run is, and what befalls it. */
export interface RunsPlan {
  readonly output: 'store' | 'files'
  readonly recovery: 'store' | 'log'
  readonly parts: number
  readonly workers: number
  readonly items: number
  readonly batchItems: number
  readonly epochMs: number
  /** Of a call of the store. */
  readonly faultRate: number
  /** Of a step. */
  readonly killRate: number
  /** Of a step: a successor is started beside one that lives. */
  readonly zombieRate: number
  readonly capabilities: Plan['capabilities']
}

export function runsPlanOf(random: Random): RunsPlan {
  const output = random.pick(['store', 'store', 'files'] as const)
  const often = (rate: number): number => (random.chance(0.7) ? random.fraction() * rate : 0)
  const conditionalComplete = random.chance(0.5)
  return {
    output,
    recovery: random.pick(['store', 'log']),
    parts: random.between(1, 3),
    workers: random.between(1, 2),
    items: random.between(1, 25),
    batchItems: random.between(1, 6),
    epochMs: random.pick([0, 0, 50, 500]),
    faultRate: often(0.15),
    killRate: often(0.04),
    zombieRate: output === 'store' ? often(0.03) : 0,
    capabilities: {
      ...PLAIN.capabilities,
      conditionalComplete,
      listUploads: random.chance(0.6),
      multipart: { minPartBytes: 16, maxPartBytes: random.pick([16, 64]), equalParts: true },
    },
  }
}
