import { describe, expect, test } from 'vitest'
import type { Appended, Log, LogBatch, SinkEvent } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { bench, key, rows, stored } from '../harness.ts'

/** A log whose appends take effect at once, and are answered when the test says so. */
function slowLog() {
  const inner = memoryLog()
  const waiting: (() => void)[] = []
  const seals: number[] = []
  let fail: SluiceError | undefined
  const log: Log = {
    inMemory: false,
    open: async (owner) => {
      const session = await inner.open(owner)
      return new Proxy(session, {
        get(target, name) {
          if (name === 'append') {
            return async (batch: LogBatch): Promise<Appended> => {
              const appended = fail ? Promise.reject(fail) : target.append(batch)
              appended.catch(() => {})
              await new Promise<void>((resolve) => waiting.push(resolve))
              return appended
            }
          }
          if (name === 'seal') {
            return (file: Parameters<typeof target.seal>[0]) => {
              seals.push(waiting.length)
              return target.seal(file)
            }
          }
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
  return {
    log,
    waiting,
    seals,
    failWith: (error: SluiceError | undefined) => {
      fail = error
    },
    /** Answers one of those that wait. */
    answer: (index = 0) => waiting.splice(index, 1)[0]?.(),
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('writes of many callers', () => {
  test('are given to the log without waiting for one another, and are answered in order', async () => {
    const { log, waiting, answer } = slowLog()
    const events: SinkEvent[] = []
    const { sink, store } = bench({ log, onEvent: (event) => events.push(event) })
    const order: number[] = []
    const writes = [0, 1, 2].map(async (id) => {
      const ack = await sink.write(rows(id, id + 1))
      order.push(id)
      return ack.receipt.ranges.map(({ begin }) => begin)
    })
    await turn()
    expect(waiting).toHaveLength(3)
    answer(2)
    await turn()
    expect(order).toEqual([])
    answer(0)
    answer(0)
    expect(await Promise.all(writes)).toEqual([[0], [1], [2]])
    expect(order).toEqual([0, 1, 2])
    expect(events.filter(({ type }) => type === 'appended')).toHaveLength(3)
    await sink.close()
    expect(await stored(store)).toEqual({ [key(0, 3)]: rows(0, 3) })
  })

  test('nothing is cut while an append is under way, and flush takes what came before it', async () => {
    const { log, waiting, seals, answer } = slowLog()
    const { sink, store } = bench({ log, rotate: { records: 2 } })
    const first = sink.write(rows(0, 3))
    const second = sink.write(rows(3, 4))
    const flushed = sink.flush()
    const third = sink.write(rows(4, 5))
    await turn()
    expect([waiting.length, seals.length]).toEqual([2, 0])
    answer(0)
    await first
    await turn()
    expect(seals).toEqual([])
    answer(0)
    await second
    await flushed
    await turn()
    answer(0)
    await third
    await sink.close()
    expect(seals.every((waitingThen) => waitingThen === 0)).toBe(true)
    const files = Object.values(await stored(store))
    expect(files.flat()).toEqual(rows(0, 5))
  })

  test('what one of them has made full is cut when the others are answered', async () => {
    const { log, seals, answer } = slowLog()
    const { sink, store } = bench({ log, rotate: { records: 2 } })
    const writes = [sink.write(rows(0, 3)), sink.write(rows(3, 5))]
    await turn()
    answer()
    await writes[0]
    await turn()
    expect(seals).toEqual([])
    answer()
    await Promise.all(writes)
    expect(await sink.close()).toMatchObject({ accepted: 5 })
    expect(Object.values(await stored(store))).toEqual([rows(0, 2), rows(2, 4), rows(4, 5)])
  })

  test('one that the log refuses changes nothing for the others', async () => {
    const { log, answer, failWith } = slowLog()
    const { sink, store } = bench({ log })
    const first = sink.write(rows(0, 1))
    await turn()
    failWith(new SluiceError('unavailable', 'disk'))
    const second = sink.write(rows(1, 2))
    await turn()
    failWith(undefined)
    const third = sink.write(rows(2, 3))
    await turn()
    for (let i = 0; i < 3; i++) answer()
    await first
    await expect(second).rejects.toMatchObject({ code: 'unavailable' })
    expect((await third).receipt.ranges).toMatchObject([{ begin: 1, end: 2 }])
    expect(await sink.close()).toMatchObject({ accepted: 2 })
    expect(await stored(store)).toEqual({ [key(0, 2)]: [{ id: 0 }, { id: 2 }] })
  })

  test('abort answers those that are under way, and the log has what it was given', async () => {
    const { log, answer } = slowLog()
    const { sink, reopen, store } = bench({ log })
    const write = sink.write(rows(0, 1))
    await turn()
    await sink.abort()
    answer()
    await write
    await expect(sink.write(rows(1, 2))).rejects.toMatchObject({ code: 'aborted' })
    await reopen().close()
    expect(await stored(store)).toEqual({ [key(0, 1)]: rows(0, 1) })
  })
})

describe('a producer whose requests overlap', () => {
  const step = (seq: number, epoch = 0) => ({ producer: { id: 'p', epoch, seq } })

  test('has each of them kept once, whichever comes again', async () => {
    const { log, waiting, answer } = slowLog()
    const { sink, store } = bench({ log })
    const writes = [
      sink.write(rows(0, 2), step(0)),
      sink.write(rows(2, 3), step(1)),
      sink.write(rows(2, 3), step(1)),
      sink.write(rows(3, 4), step(2)),
    ]
    while (waiting.length < 4) await turn()
    for (const _ of writes) answer()
    const acks = await Promise.all(writes)
    expect(acks.map(({ accepted, duplicate }) => [accepted, duplicate])).toEqual([
      [2, false],
      [1, false],
      [1, true],
      [1, false],
    ])
    expect(acks[2]?.receipt.id).toBe(acks[1]?.receipt.id)
    expect(await sink.close()).toMatchObject({ accepted: 4 })
    expect(await stored(store)).toEqual({ [key(0, 4)]: rows(0, 4) })
  })

  test('is refused what leaves a gap, has other content, or is of an older epoch', async () => {
    const { sink } = bench()
    const all = await Promise.allSettled([
      sink.write(rows(0, 1), step(0, 1)),
      sink.write(rows(1, 2), step(2, 1)),
      sink.write(rows(7, 8), step(0, 1)),
      sink.write(rows(1, 2), step(0, 0)),
      sink.write(rows(1, 2), step(1, 1)),
    ])
    expect(
      all.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.accepted)),
    ).toEqual([1, 'conflict', 'conflict', 'fenced', 1])
    // A producer that is fenced is not the sink.
    expect(await sink.close()).toMatchObject({ accepted: 2 })
  })
})
