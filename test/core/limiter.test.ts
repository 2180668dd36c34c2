import { expect, test } from 'vitest'
import { Changes } from '../../src/core/changes.ts'
import { limiter } from '../../src/core/limiter.ts'

test('runs no more than its number at once, in order, and goes on after a failure', async () => {
  const limit = limiter(2)
  const started: number[] = []
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
  const jobs = gates.map((gate, i) =>
    limit(async () => {
      started.push(i)
      await gate.promise
      return i
    }),
  )
  await Promise.resolve()
  expect(started).toEqual([0, 1])
  gates[1]?.reject(new Error('no'))
  await expect(jobs[1]).rejects.toThrow('no')
  await Promise.resolve()
  expect(started).toEqual([0, 1, 2])
  for (const gate of gates) gate.resolve()
  expect(await Promise.all([jobs[0], jobs[2], jobs[3]])).toEqual([0, 2, 3])
})

test('a job whose signal fires before its turn is not run, and holds nobody up', async () => {
  const limit = limiter(1)
  const gate = Promise.withResolvers<void>()
  const first = limit(() => gate.promise)
  const stop = new AbortController()
  const ran: string[] = []
  const second = limit(async () => ran.push('second'), stop.signal)
  const third = limit(async () => ran.push('third'), new AbortController().signal)
  stop.abort()
  await expect(second).rejects.toMatchObject({ code: 'aborted' })
  await expect(limit(async () => ran.push('late'), stop.signal)).rejects.toMatchObject({
    code: 'aborted',
  })
  gate.resolve()
  await Promise.all([first, third])
  expect(ran).toEqual(['third'])
})

test('a change wakes all who wait, and a signal ends one wait', async () => {
  const changes = new Changes()
  const stop = new AbortController()
  const stopped = changes.wait(stop.signal)
  const both = Promise.all([changes.wait(), changes.wait()])
  stop.abort()
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
  changes.notify()
  await both
})
