import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { retry } from '../../src/core/retry.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

function failing(times: number, error = new SluiceError('unavailable', 'down')) {
  const calls: number[] = []
  const attempt = async (n: number): Promise<string> => {
    calls.push(n)
    if (n <= times) throw error
    return 'done'
  }
  return { calls, attempt }
}

describe('retry', () => {
  test('tries again after a random part of a doubling ceiling', async () => {
    const clock = virtualClock(0)
    const { attempt, calls } = failing(3)
    const waits: number[] = []
    const sleep = clock.sleep.bind(clock)
    const watched = {
      ...clock,
      now: () => clock.now(),
      sleep: (ms: number, signal?: AbortSignal) => {
        waits.push(ms)
        return sleep(ms, signal)
      },
    }
    const result = retry(attempt, { clock: watched, random: () => 0.5, baseMs: 100, capMs: 300 })
    await clock.advance(10_000)
    expect(await result).toBe('done')
    expect(waits).toEqual([50, 100, 150])
    expect(calls).toEqual([1, 2, 3, 4])
  })

  test('gives up after its attempts with the last error', async () => {
    const clock = virtualClock()
    const { attempt, calls } = failing(9)
    const result = retry(attempt, { clock, attempts: 3 })
    const seen = expect(result).rejects.toMatchObject({ code: 'unavailable' })
    await clock.advance(60_000)
    await seen
    expect(calls).toEqual([1, 2, 3])
  })

  test('does not repeat what is not retryable', async () => {
    const { attempt, calls } = failing(1, new SluiceError('permission-denied', 'no'))
    await expect(retry(attempt)).rejects.toMatchObject({ code: 'permission-denied' })
    expect(calls).toEqual([1])
  })

  test('waits as long as the server asks, but not past the budget', async () => {
    const clock = virtualClock(0)
    const asked = new SluiceError('slow-down', 'wait', { retryAfterMs: 5000 })
    const first = failing(1, asked)
    const result = retry(first.attempt, { clock, random: () => 0 })
    await clock.advance(4999)
    expect(first.calls).toEqual([1])
    await clock.advance(1)
    expect(await result).toBe('done')
    const second = failing(1, asked)
    await expect(retry(second.attempt, { clock, budgetMs: 4000 })).rejects.toBe(asked)
  })

  test('stops waiting when its signal fires', async () => {
    const clock = virtualClock()
    const stop = new AbortController()
    const { attempt, calls } = failing(9)
    const result = retry(attempt, { clock, signal: stop.signal, random: () => 1 })
    const seen = expect(result).rejects.toMatchObject({ code: 'aborted' })
    await clock.advance(0)
    stop.abort()
    await seen
    expect(calls).toEqual([1])
  })
})
