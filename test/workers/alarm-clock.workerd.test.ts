import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { type AlarmClock, alarmClock } from '../../src/workers/alarm-clock.ts'

const MINUTE = 60_000
const NOTHING = { open: async () => {}, isDone: () => true }

/** A clock in a Durable Object's own storage, whose alarms the test fires itself: they are set for a time far away. */
async function withClock(
  run: (tools: {
    clock: AlarmClock
    storage: DurableObjectStorage
    time: ReturnType<typeof virtualClock>
    alarmInMs: () => Promise<number | undefined>
  }) => Promise<void>,
): Promise<void> {
  const stub = env.SHARD.get(env.SHARD.newUniqueId())
  await runInDurableObject(stub, async (_, { storage }) => {
    const time = virtualClock(Date.UTC(2100, 0, 1))
    const alarmInMs = async () => {
      const atMs = await storage.getAlarm()
      return atMs === null ? undefined : atMs - time.now()
    }
    await run({ clock: alarmClock(storage, time), storage, time, alarmInMs })
  })
}

test('the alarm is that of the earliest timer', async () => {
  await withClock(async ({ clock, alarmInMs }) => {
    clock.schedule(clock.now() + 5 * MINUTE, () => {})
    expect(await alarmInMs()).toBe(5 * MINUTE)
    clock.schedule(clock.now() + 2 * MINUTE, () => {})
    expect(await alarmInMs()).toBe(2 * MINUTE)
    clock.schedule(clock.now() + 9 * MINUTE, () => {})
    expect(await alarmInMs()).toBe(2 * MINUTE)
  })
})

test('what is due runs once, what is not waits for an alarm of its own, what was taken back never runs', async () => {
  await withClock(async ({ clock, time, alarmInMs }) => {
    const ran: string[] = []
    for (const minutes of [1, 2, 7]) {
      clock.schedule(clock.now() + minutes * MINUTE, () => void ran.push(`${minutes} min`))
    }
    clock.schedule(clock.now() + MINUTE, () => void ran.push('taken back'))()
    await time.advance(2 * MINUTE)
    await clock.fire(NOTHING)
    expect(ran).toEqual(['1 min', '2 min'])
    expect(await alarmInMs()).toBe(5 * MINUTE)
    await time.advance(5 * MINUTE)
    await clock.fire(NOTHING)
    expect(ran).toEqual(['1 min', '2 min', '7 min'])
    expect(await alarmInMs()).toBeUndefined()
  })
})

test('timers that are set while the object opens are run by the same alarm', async () => {
  await withClock(async ({ clock }) => {
    const ran: string[] = []
    const open = async () => void clock.schedule(clock.now() - 1, () => void ran.push('overdue'))
    await clock.fire({ open, isDone: () => true })
    expect(ran).toEqual(['overdue'])
  })
})

test('the next alarm is set before anything that may fail or never end', async () => {
  await withClock(async ({ clock, alarmInMs }) => {
    let seen: number | undefined
    const open = async () => {
      seen = await alarmInMs()
      throw new Error('the configuration is wrong')
    }
    await clock.fire({ open, isDone: () => true })
    expect(seen).toBe(MINUTE)
    expect(await alarmInMs()).toBe(MINUTE)
  })
})

test('a timer that fails ends neither the alarm nor the next one', async () => {
  await withClock(async ({ clock, alarmInMs }) => {
    clock.schedule(clock.now(), () => Promise.reject(new Error('no')))
    await clock.fire({ ...NOTHING, isDone: () => false })
    expect(await alarmInMs()).toBe(MINUTE)
  })
})

test('while something is left to do and no timer is set for it, the object is woken every minute', async () => {
  await withClock(async ({ clock, time, alarmInMs }) => {
    let done = false
    await clock.fire({ ...NOTHING, isDone: () => done })
    expect(await alarmInMs()).toBe(MINUTE)
    await time.advance(MINUTE)
    done = true
    await clock.fire({ ...NOTHING, isDone: () => done })
    expect(await alarmInMs()).toBeUndefined()
  })
})

test('a timer that works for long does not hold up the others', async () => {
  await withClock(async ({ clock, time }) => {
    const ran: string[] = []
    let finish = () => {}
    const long = new Promise<void>((resolve) => {
      finish = resolve
    })
    clock.schedule(clock.now(), () => long)
    clock.schedule(clock.now() + 1000, () => void ran.push('the other'))
    const first = clock.fire({ ...NOTHING, isDone: () => false })
    await time.advance(30_000)
    await first
    await clock.fire(NOTHING)
    expect(ran).toEqual(['the other'])
    finish()
  })
})

test('an alarm that cannot be taken back is no failure', async () => {
  const time = virtualClock()
  const clock = alarmClock(
    {
      setAlarm: () => Promise.resolve(),
      deleteAlarm: () => Promise.reject(new Error('the storage failed')),
    },
    time,
  )
  await clock.fire(NOTHING)
})
