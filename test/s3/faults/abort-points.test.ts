import { createHook } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { runAndCheck } from './invariant.ts'
import { ACTIONS, type Action } from './operations.ts'
import { atServer, type Way, world } from './world.ts'

/** Runs an action and aborts it at its n-th await point: before a promise of the client's goes on for the n-th time. */
async function abortedAt(action: Action, n: number): Promise<number> {
  const controller = new AbortController()
  let points = 0
  const hook = createHook({
    before() {
      // Not aborted in here: what that sets off would count itself.
      if (!atServer.getStore() && ++points === n) queueMicrotask(() => controller.abort())
    },
  })
  const around = {
    ...action,
    run: (call: Parameters<Action['run']>[0]) => action.run(call).finally(() => hook.disable()),
  }
  hook.enable()
  try {
    const { outcome, error } = await runAndCheck(world(), around, controller.signal)
    expect(['well', 'aborted'], `${n}: ${error}`).toContain(outcome)
  } finally {
    hook.disable()
  }
  return points
}

/** The same at the n-th request: before it arrives, and after it was answered. */
async function abortedAtRequest(action: Action, n: number, late: boolean): Promise<void> {
  const controller = new AbortController()
  let requests = 0
  const way: Way = async (passing) => {
    if (++requests !== n) return passing.send()
    if (!late) controller.abort()
    const response = await passing.send()
    controller.abort()
    return response
  }
  const { outcome } = await runAndCheck(world({ way }), action, controller.signal)
  // An abort of one's own is not aborted.
  if (outcome !== 'well' || !action.name.endsWith('abort')) expect(outcome).toBe('aborted')
}

const ENDLESS = Number.POSITIVE_INFINITY

/** One kind of condition stands for both: they differ in a header. */
const DISTINCT = ACTIONS.filter(({ name }) => !name.endsWith('only this version'))

describe.each(DISTINCT)('$name', (action) => {
  test('aborted at each await point', async () => {
    const points = await abortedAt(action, ENDLESS)
    expect(points).toBeGreaterThan(10)
    for (let n = 1; n <= points; n++) await abortedAt(action, n)
  })

  test('aborted at each request', async () => {
    const calm = world()
    await runAndCheck(calm, action)
    for (let n = 1; n <= calm.sent.length; n++) {
      for (const late of [false, true]) await abortedAtRequest(action, n, late)
    }
  })
})
