import { describe, expect, test } from 'vitest'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

describe('virtualClock', () => {
  test('stands still until it is moved', async () => {
    const clock = virtualClock(1000)
    expect(clock.now()).toBe(1000)
    await clock.advance(250)
    expect(clock.now()).toBe(1250)
    await clock.advanceTo(2000)
    expect(clock.now()).toBe(2000)
    await clock.advanceTo(1000)
    expect(clock.now()).toBe(2000)
  })

  test('wakes sleepers and runs timers in order, at their own moment', async () => {
    const clock = virtualClock(0)
    const seen: string[] = []
    const note = (name: string): void => void seen.push(`${name} at ${clock.now()}`)
    void clock.sleep(30).then(() => note('sleep 30'))
    clock.schedule(20, () => note('timer 20'))
    clock.schedule(10, () => note('timer 10'))
    void clock.sleep(20).then(() => note('sleep 20'))
    clock.schedule(31, () => note('timer 31'))
    await clock.advance(30)
    expect(seen).toEqual(['timer 10 at 10', 'timer 20 at 20', 'sleep 20 at 20', 'sleep 30 at 30'])
    expect(clock.pending).toBe(1)
  })

  test('what is set on the way runs on the way', async () => {
    const clock = virtualClock(0)
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        await clock.sleep(10)
        seen.push(clock.now())
      }
    }
    const looping = loop()
    clock.schedule(15, () => void clock.schedule(17, () => void seen.push(clock.now())))
    await clock.advance(45)
    expect(seen).toEqual([10, 17, 20, 30, 40])
    await clock.advance(5)
    await looping
    expect(seen.at(-1)).toBe(50)
  })

  test('awaits what a timer runs, also real work', async () => {
    const clock = virtualClock(0)
    let done = false
    clock.schedule(10, async () => {
      await crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000))
      await crypto.subtle.digest('SHA-256', new Uint8Array(1_000_000))
      done = true
    })
    await clock.advance(10)
    expect(done).toBe(true)
  })

  test('a timer’s own sleep is passed when it falls due, and left when it does not', async () => {
    const clock = virtualClock(0)
    const seen: number[] = []
    clock.schedule(10, async () => {
      await clock.sleep(5)
      seen.push(clock.now())
      await clock.sleep(100)
      seen.push(clock.now())
    })
    await clock.advance(50)
    expect(seen).toEqual([15])
    await clock.advance(100)
    expect(seen).toEqual([15, 115])
  })

  test('an error that escapes a timer fails the advance', async () => {
    const clock = virtualClock(0)
    clock.schedule(10, async () => {
      throw new Error('from the timer')
    })
    await expect(clock.advance(10)).rejects.toThrow('from the timer')
    await clock.advance(10)
  })

  test('a timer can be taken back', async () => {
    const clock = virtualClock(0)
    let ran = 0
    const cancel = clock.schedule(10, () => void ran++)
    cancel()
    clock.schedule(5, () => cancelOther())
    const cancelOther = clock.schedule(6, () => void ran++)
    await clock.advance(20)
    expect(ran).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('an abort wakes the sleeper at once, with its reason as the cause', async () => {
    const clock = virtualClock(0)
    const controller = new AbortController()
    const sleeping = clock.sleep(10, controller.signal)
    controller.abort('enough')
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
    expect(clock.pending).toBe(0)
    await expect(clock.sleep(10, controller.signal)).rejects.toMatchObject({ code: 'aborted' })
  })

  test('sleep(0) resolves at once; a timer of the past waits for an advance of 0', async () => {
    const clock = virtualClock(1000)
    await clock.sleep(0)
    let ran = false
    clock.schedule(1, () => {
      ran = true
    })
    await Promise.resolve()
    expect(ran).toBe(false)
    await clock.advance(0)
    expect(ran).toBe(true)
    expect(clock.now()).toBe(1000)
  })

  test('a jump of the wall clock changes no sleep, makes timers overdue, and none late', async () => {
    const clock = virtualClock(1000)
    const seen: string[] = []
    void clock.sleep(10).then(() => seen.push('sleep'))
    clock.schedule(5000, () => void seen.push('timer'))
    clock.setNow(9000)
    await clock.advance(0)
    expect(seen).toEqual(['timer'])
    clock.schedule(9005, () => void seen.push(`another at ${clock.now()}`))
    clock.setNow(0)
    await clock.advance(10)
    expect(seen).toEqual(['timer', 'another at 5', 'sleep'])
    expect(clock.now()).toBe(10)
  })
})
