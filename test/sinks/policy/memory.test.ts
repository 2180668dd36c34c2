import { describe, expect, test } from 'vitest'
import type { Log, LogBatch, LogSession, SinkEvent, Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { approximateBytes } from '../../../src/core/sizes.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { budgetOf, DEFAULT_MEMORY_BYTES } from '../../../src/sinks/policy/budget.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { bench, stored } from '../harness.ts'

const MIB = 1024 ** 2

/** A log in memory that counts what it holds, sealed or open, by the sizes that it was told. */
function countingLog(): { log: Log; mostBytes: () => number } {
  const inner = memoryLog()
  let bytes = 0
  let most = 0
  const files = new Map<string, number>()
  const counted = (session: LogSession): Partial<LogSession> => ({
    append: async (batch: LogBatch) => {
      const appended = await session.append(batch)
      for (const part of batch.lanes) bytes += part.bytes
      most = Math.max(most, bytes)
      return appended
    },
    seal: async (file) => {
      const sealed = await session.seal(file)
      files.set(file.id, sealed.file.rowBytes)
      return sealed
    },
    commit: async (committed) => {
      await session.commit(committed)
      for (const { id } of committed) bytes -= files.get(id) ?? 0
    },
  })
  return {
    log: {
      inMemory: true,
      open: async (owner) => {
        const session = await inner.open(owner)
        return Object.assign(Object.create(session), bound(session), counted(session))
      },
    },
    mostBytes: () => most,
  }
}

/** Private members want the session itself. */
function bound(session: LogSession): Partial<LogSession> {
  const names = ['read', 'progress', 'store', 'committed', 'positions', 'close'] as const
  return Object.fromEntries(names.map((name) => [name, session[name].bind(session)]))
}

describe('the budget', () => {
  test('is divided, and none of it given twice', () => {
    for (const memoryBytes of [64, 128, 1024].map((n) => n * MIB)) {
      const limits = { memoryBytes, maxPendingBytes: 2 ** 40, maxRecordBytes: 2 ** 40 }
      const { logBytes, openBytes, waitingBytes, upload, publishing } = budgetOf({
        ...limits,
        inMemory: true,
      })
      const parts = upload.partBytes * (upload.concurrency + 1)
      // 17 MiB are for the encoder.
      expect(logBytes + 2 * waitingBytes + parts + 17 * MIB).toBeLessThanOrEqual(memoryBytes)
      expect(publishing.fileBytes).toBe(parts + 17 * MIB)
      expect(publishing.fileBytes).toBeLessThanOrEqual(publishing.bytes)
      expect(logBytes + 2 * waitingBytes + publishing.bytes).toBeLessThanOrEqual(memoryBytes)
      const durable = budgetOf({ ...limits, inMemory: false })
      expect(durable.logBytes).toBe(2 ** 40)
      expect([openBytes, durable.openBytes]).toEqual([logBytes, 2 ** 39])
      expect(2 * durable.waitingBytes + parts + 17 * MIB).toBeLessThanOrEqual(memoryBytes)
    }
  })

  test.each([
    { memoryBytes: 0 },
    { memoryBytes: Number.NaN },
    { maxOpenFiles: 0 },
    { maxOpenFiles: 1.5 },
  ])('%j is refused', (options) => {
    expect(() => bench(options)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  })

  test('holds with a thousand partitions and with large records', async () => {
    const { log, mostBytes } = countingLog()
    const memoryBytes = 2 * MIB
    const fields = [
      { name: 'p', type: 'int32', nullable: false },
      { name: 'id', type: 'int32', nullable: false },
      { name: 'text', type: 'string', nullable: false },
    ] as const
    // Each upload takes the memory of a part, however small its file: in one small piece a thousand of them are quick.
    const inOnePiece = memoryStore({ capabilities: { multipart: false, maxPutBytes: MIB } })
    const options = { log, memoryBytes, partition: ['p'], schema: { fields }, store: inOnePiece }
    const { sink, store } = bench(options)
    const limitBytes = (memoryBytes / 2) * (3 / 4)
    let written = 0
    let refused = 0
    for (let round = 0; round < 12; round++) {
      const batch = Array.from({ length: 250 }, (_, i) => ({
        p: (round * 250 + i) % 1000,
        id: written + i,
        text: 'x'.repeat(i % 25 === 0 ? 20_000 : 20),
      }))
      // Larger than any record may be: the writes that wait have an eighth of the rows' half.
      batch.push({ p: 7, id: -1, text: 'y'.repeat(memoryBytes / 16) })
      const { accepted, rejected } = await sink.write(batch)
      expect(rejected).toMatchObject([{ index: 250, code: 'too-large' }])
      written += accepted
      refused += rejected.length
    }
    expect(mostBytes()).toBeGreaterThan(limitBytes / 2)
    expect(mostBytes()).toBeLessThanOrEqual(limitBytes)
    expect(await sink.close()).toMatchObject({ accepted: written, rejected: refused })
    const ids = Object.values(await stored(store, 's/p='))
      .flat()
      .map(({ id }) => id as number)
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, id) => id))
  })

  test('has a share for publishing, which cuts parts to it', async () => {
    const base = memoryStore()
    const sizes: number[] = []
    const store: Store = {
      ...base,
      createMultipart: async (...args) => {
        const upload = await (base.createMultipart as NonNullable<Store['createMultipart']>)(
          ...args,
        )
        const putPart: typeof upload.putPart = (number, body, options) => {
          sizes.push(body instanceof Blob ? body.size : body.byteLength)
          return upload.putPart(number, body, options)
        }
        return Object.create(upload, { putPart: { value: putPart } })
      },
    }
    const { sink } = bench({ store })
    await sink.write(Array.from({ length: 14 }, (_, id) => ({ id, text: 'x'.repeat(900_000) })))
    await sink.close()
    const limits = { maxPendingBytes: 1, maxRecordBytes: 1, inMemory: true }
    const { upload } = budgetOf({ memoryBytes: DEFAULT_MEMORY_BYTES, ...limits })
    expect(sizes.slice(0, 2)).toEqual([upload.partBytes, upload.partBytes])
  })

  test('holds for writes that wait and those under way: more are refused, and when to come again is said', async () => {
    let underWay = 0
    let most = 0
    let answer = (): void => {}
    const gate = new Promise<void>((resolve) => {
      answer = resolve
    })
    const inner = memoryLog()
    const log: Log = {
      inMemory: true,
      open: async (owner) => {
        const session = await inner.open(owner)
        const append = async (batch: LogBatch) => {
          for (const part of batch.lanes) underWay += part.bytes
          most = Math.max(most, underWay)
          await gate
          const appended = await session.append(batch)
          for (const part of batch.lanes) underWay -= part.bytes
          return appended
        }
        const seal = session.seal.bind(session)
        const commit = session.commit.bind(session)
        return Object.assign(Object.create(session), bound(session), { append, seal, commit })
      },
    }
    const events: SinkEvent[] = []
    const { sink } = bench({ log, memoryBytes: MIB, onEvent: (event) => events.push(event) })
    const rows = Array.from({ length: 10 }, (_, id) => ({ id, text: 'x'.repeat(1000) }))
    const bytes = approximateBytes(rows)
    const waitingBytes = MIB / 2 / 8
    const writes = Array.from({ length: 30 }, () =>
      sink.write(rows).catch((error: unknown) => error),
    )
    await new Promise((resolve) => setImmediate(resolve))
    answer()
    const answers = await Promise.all(writes)
    const refused = answers.filter((one) => one instanceof SluiceError)
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'slow-down', retryAfterMs: expect.any(Number) })
    }
    expect(events.filter(({ type }) => type === 'slow-down')).toHaveLength(refused.length)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(Math.floor(waitingBytes / bytes))
    expect(most).toBeLessThanOrEqual(waitingBytes)
    expect(await sink.close()).toMatchObject({ accepted: 10 * (30 - refused.length) })
  })
})

describe('files that are open', () => {
  test('are at most so many; the largest make room', async () => {
    const sealed: [string, number][] = []
    const { sink } = bench({
      partition: ['p'],
      maxOpenFiles: 3,
      onEvent: (event) =>
        event.type === 'sealed' &&
        event.reason === 'files' &&
        sealed.push([event.lane.partition, event.records]),
    })
    await sink.write([{ p: 'a' }, { p: 'b' }, { p: 'b' }, { p: 'c' }])
    expect(sealed).toEqual([])
    await sink.write([{ p: 'd' }])
    await sink.write([{ p: 'e' }, { p: 'a' }])
    // The cut has its turn after the write, and this one after the cut.
    await sink.write([])
    expect((await sink.explain()).length).toBeLessThanOrEqual(3)
    expect(sealed).toEqual([
      ['p=b', 2],
      ['p=a', 2],
    ])
    expect((await sink.close()).files).toHaveLength(5)
  })

  test('one write may bring more, which are cut at once', async () => {
    const { sink, store } = bench({ partition: ['id'], maxOpenFiles: 2, store: memoryStore() })
    await sink.write(Array.from({ length: 50 }, (_, id) => ({ id })))
    await sink.write([])
    expect(await sink.explain()).toHaveLength(2)
    await sink.close()
    expect(Object.keys(await stored(store))).toHaveLength(50)
  })
})
