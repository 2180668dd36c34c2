import { describe, expect, test } from 'vitest'
import { FAULTS, type Fault, type Outcome } from './faults.ts'
import { runAndCheck } from './invariant.ts'
import { ACTIONS } from './operations.ts'
import { type Way, world } from './world.ts'

/** The requests of each action, as a run without faults makes them: what there is to hit. */
const REQUESTS = await Promise.all(
  ACTIONS.map(async (action) => {
    const calm = world()
    const { error } = await runAndCheck(calm, action)
    if (error) throw error
    return {
      action,
      names: [...new Set(calm.sent)].filter((name) => action.hits?.test(name) ?? true),
    }
  }),
)

const TARGETS = REQUESTS.flatMap(({ action, names }) =>
  names.map((target) => ({ action, title: action.name, target })),
)

/** The fault at one request, the first of that name or each one. */
function hitting(
  target: string,
  fault: Fault,
  often: 'once' | 'always',
): { way: Way; hits(): number } {
  let hits = 0
  return {
    hits: () => hits,
    async way(passing) {
      if (passing.name !== target || (often === 'once' && hits > 0)) return passing.send()
      hits++
      return fault.play(passing)
    },
  }
}

function expected(target: string, fault: Fault, often: 'once' | 'always'): Outcome {
  const other = fault.except?.find(([operation]) => operation.test(target))?.[1]
  const outcome = other?.[often] ?? fault[often]
  // An abort that is made again finds the upload gone, and needs to ask no more.
  if (target === 'ListParts') return 'well'
  // What could not be aborted is told of under one code.
  return target === 'AbortMultipartUpload' && outcome !== 'well' ? 'unavailable' : outcome
}

describe.each(TARGETS)('$title: $target', ({ action, target }) => {
  const cells = FAULTS.filter(({ hits }) => hits?.test(target) ?? true).flatMap((fault) =>
    (['once', 'always'] as const).map((often) => ({ fault, often, name: fault.name })),
  )
  test.each(cells)('$name, $often', async ({ fault, often }) => {
    const { way, hits } = hitting(target, fault, often)
    const at = world({ way })
    await at.warmUp()
    const { outcome, error } = await runAndCheck(at, action)
    expect(hits()).toBeGreaterThan(0)
    expect(outcome, String(error)).toBe(expected(target, fault, often))
  })
})
