import { describe, expect, test } from 'vitest'
import { derive, iterate } from '../../src/core/reading.ts'

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

/** A stream that says nothing after its first items, and what it was cancelled with. */
function quiet<T>(...items: T[]) {
  const cancelledWith: unknown[] = []
  const stream = new ReadableStream<T>({
    start(controller) {
      for (const item of items) controller.enqueue(item)
    },
    cancel(reason) {
      cancelledWith.push(reason)
    },
  })
  return { stream, cancelledWith }
}

describe('iterate', () => {
  test.each([5, null, undefined, 'text', {}, () => []])('%j is no source', (given) => {
    expect(() => iterate(given as never)).toThrow(
      expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringContaining('source'),
      }),
    )
  })

  test('leaving the loop cancels a stream', async () => {
    let cancelled = false
    const endless = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const _ of iterate(endless)) break
    expect(cancelled).toBe(true)
  })

  test('a stream’s error comes through', async () => {
    const broken = new ReadableStream<number>({
      pull: (controller) => controller.error(new Error('cut')),
    })
    await expect(all(iterate(broken))).rejects.toThrow('cut')
  })

  test('is ended while it waits for a stream, and the reason gets there', async () => {
    const { stream, cancelledWith } = quiet(1)
    const reading = iterate(stream)
    expect(await reading.next()).toEqual({ done: false, value: 1 })
    const waiting = reading.next()
    await reading.cancel('enough')
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await reading.next()).toEqual({ done: true, value: undefined })
    await reading.cancel('again')
    expect(cancelledWith).toEqual(['enough'])
    expect(stream.locked).toBe(false)
  })

  test('return, throw and a scope that is left end it, begun or not', async () => {
    const ends: ((reading: AsyncGenerator<number, void, undefined>) => Promise<unknown>)[] = [
      (reading) => reading.return(),
      (reading) => reading.throw('why').catch(() => {}),
      async (reading) => {
        await using _ = reading
      },
    ]
    for (const end of ends) {
      const { stream, cancelledWith } = quiet<number>()
      await end(iterate(stream))
      expect(cancelledWith).toHaveLength(1)
    }
  })

  test('ends an iterable’s iterator, once, and not when it has ended', async () => {
    const ended: string[] = []
    async function* numbers(name: string): AsyncGenerator<number> {
      try {
        yield 1
        yield 2
      } finally {
        ended.push(name)
      }
    }
    for await (const _ of iterate(numbers('left'))) break
    expect(await all(iterate(numbers('read')))).toEqual([1, 2])
    expect(await all(iterate([3, 4]))).toEqual([3, 4])
    expect(ended).toEqual(['left', 'read'])
  })
})

describe('derive', () => {
  test('is ended while its source is quiet; the generator does not take that for the end', async () => {
    const { stream, cancelledWith } = quiet(1)
    const seen: string[] = []
    const doubled = derive(stream, async function* (numbers) {
      try {
        for await (const number of numbers) yield number * 2
        seen.push('the end')
      } catch (error) {
        seen.push((error as { code: string }).code)
        throw error
      }
    })
    expect(await doubled.next()).toEqual({ done: false, value: 2 })
    const waiting = doubled.next()
    await doubled.cancel('enough')
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(seen).toEqual(['aborted'])
    expect(cancelledWith).toEqual(['enough'])
  })

  test('a fault of the generator is the reason that its source gets', async () => {
    const { stream, cancelledWith } = quiet(1)
    const fault = new Error('one is no number')
    const broken = derive(stream, async function* (numbers) {
      for await (const _ of numbers) throw fault
      yield 0
    })
    await expect(broken.next()).rejects.toBe(fault)
    expect(cancelledWith).toEqual([fault])
    expect(await broken.next()).toEqual({ done: true, value: undefined })
  })

  test('goes through several', async () => {
    const { stream, cancelledWith } = quiet<number>()
    const copy = (numbers: AsyncIterable<number>) =>
      derive(numbers, async function* (each) {
        yield* each
      })
    const reading = copy(copy(iterate(stream)))
    const waiting = reading.next()
    await reading.cancel('enough')
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(cancelledWith).toEqual(['enough'])
  })
})
