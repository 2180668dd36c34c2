import { type } from 'arktype'
import { parquetMetadata } from 'hyparquet'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Ack, Format, Log, Row, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { receiptId } from '../../src/core/receipt-id.ts'
import { approximateBytes } from '../../src/core/sizes.ts'
import { toReadableStream } from '../../src/core/streams.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink } from '../../src/sinks/create-sink.ts'
import { toWritable } from '../../src/sinks/to-writable.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { bench, key, rows, stored } from './harness.ts'

describe('write', () => {
  test('acknowledges each record, and close makes them visible in one file', async () => {
    const { sink, store } = bench()
    const ack = await sink.write(rows(0, 3))
    expect(ack).toMatchObject({ accepted: 3, rejected: [], duplicate: false })
    expect(ack.receipt.ranges).toEqual([
      { lane: { stream: 's', partition: '', shard: '0', schema: 'auto' }, begin: 0, end: 3 },
    ])
    expect(await stored(store)).toEqual({})
    const result = await sink.close()
    expect(result).toMatchObject({
      accepted: 3,
      rejected: 0,
      files: [{ key: key(0, 3), records: 3 }],
    })
    expect(await stored(store)).toEqual({ [key(0, 3)]: rows(0, 3) })
  })

  test('whoever awaits one after the other leaves a turn to everybody else, what is due among them', async () => {
    let committed = 0
    const sink = createSink({
      ...{ store: memoryStore(), format: jsonl(), rotate: { records: 100 } },
      onEvent: ({ type }) => {
        if (type === 'committed') committed++
      },
    })
    await sink.write(rows(0, 1))
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    for (let i = 1; i < 2000; i++) await sink.write(rows(i, i + 1))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(0)
    expect(committed).toBeGreaterThan(0)
    await sink.close()
  })

  test('what a store of somebody’s own throws is told as its failure, and not as if somebody had aborted', async () => {
    const errors: Error[] = []
    const store = { ...memoryStore(), put: () => Promise.reject(new Error('their own')) }
    const sink = createSink({
      ...{ store, format: jsonl() },
      onEvent: (event) => {
        if (event.type === 'failed') errors.push(event.error)
      },
    })
    await sink.write(rows(0, 1))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'protocol' })
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toMatchObject({ code: 'protocol' })
    await sink.abort()
  })

  test('a validator that never answers holds nobody longer than a signal, or the sink, lets it', async () => {
    let answers = false
    const schema = {
      '~standard': {
        ...{ version: 1 as const, vendor: 'test' },
        validate: (value: unknown) => (answers ? { value } : new Promise<never>(() => {})),
      },
    }
    const sink = createSink({ store: memoryStore(), format: jsonl(), schema })
    const stop = new AbortController()
    const first = sink.write(rows(0, 1), { signal: stop.signal })
    stop.abort()
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    answers = true
    expect(await sink.write(rows(1, 2))).toMatchObject({ accepted: 1 })
    answers = false
    const last = Promise.allSettled([sink.write(rows(2, 3)), sink.write(rows(3, 4)), sink.flush()])
    await sink.abort()
    for (const one of await last) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'aborted' } })
    }
  })

  test('files carry their id, lane and range', async () => {
    const { sink, store } = bench()
    await sink.write(rows(0, 3))
    await sink.close()
    const info = await store.head(key(0, 3))
    expect(info?.contentType).toBe('application/x-ndjson')
    expect(info?.metadata).toEqual({
      'sluice-file': expect.stringMatching(/^[\w-]{21}$/),
      'sluice-lane': 's  0 auto',
      'sluice-begin': '0',
      'sluice-end': '3',
    })
  })

  test.each([
    [undefined, /^[\w-]{21}$/],
    ['nanoid', /^[\w-]{21}$/],
    ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  ] as const)('{uuid} in a name is of the kind that fileIds says: %s', async (fileIds, id) => {
    const { sink, store } = bench({ name: '{uuid}', fileIds })
    await sink.write(rows(0, 1))
    const { files } = await sink.close()
    const name = files[0]?.key ?? ''
    expect(name).toMatch(id)
    expect((await store.head(name))?.metadata).toMatchObject({ 'sluice-file': name })
  })

  test('an empty write and an empty sink leave nothing', async () => {
    const { sink, store } = bench()
    const ack = await sink.write([])
    expect(ack).toMatchObject({ accepted: 0, rejected: [] })
    expect(await ack.receipt.committed()).toEqual({ records: 0, files: [] })
    expect(await sink.close()).toEqual({ accepted: 0, rejected: 0, files: [], fileCount: 0 })
    expect(await stored(store)).toEqual({})
  })

  test('after close and abort it is refused', async () => {
    const closed = bench().sink
    await closed.close()
    await expect(closed.write(rows(0, 1))).rejects.toMatchObject({ code: 'invalid-options' })
    const aborted = bench().sink
    await aborted.abort()
    await expect(aborted.write(rows(0, 1))).rejects.toMatchObject({ code: 'aborted' })
  })

  test('what comes while close() is under way is refused, and what came before is kept', async () => {
    const { sink, store } = bench()
    const first = sink.write(rows(0, 1))
    const closing = sink.close()
    await expect(sink.write(rows(1, 2))).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await first).toMatchObject({ accepted: 1 })
    await closing
    expect(await stored(store)).toEqual({ [key(0, 1)]: rows(0, 1) })
  })

  test('records that are in the log are acknowledged although their cut failed', async () => {
    const inner = memoryLog()
    let broken = true
    const log: Log = {
      inMemory: true,
      open: async (owner) => {
        const session = await inner.open(owner)
        return {
          state: session.state,
          append: (batch) => session.append(batch),
          read: (file) => session.read(file),
          seal: (file) =>
            broken ? Promise.reject(new SluiceError('unavailable', 'disk')) : session.seal(file),
          progress: (...args) => session.progress(...args),
          store: (files) => session.store(files),
          positions: () => session.positions(),
          commit: (files) => session.commit(files),
          committed: (range) => session.committed(range),
          close: () => session.close(),
        }
      },
    }
    const { sink, store } = bench({ log, rotate: { records: 2 } })
    expect(await sink.write(rows(0, 2))).toMatchObject({ accepted: 2 })
    broken = false
    await sink.write(rows(2, 3))
    await sink.close()
    expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2), [key(2, 3)]: rows(2, 3) })
  })

  test('a signal that has fired keeps nothing', async () => {
    const { sink, store } = bench()
    await expect(sink.write(rows(0, 1), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
    await sink.close()
    expect(await stored(store)).toEqual({})
  })
})

describe('verdicts', () => {
  test('what is no record is named by index, and the rest is kept', async () => {
    const { sink, store } = bench()
    const odd = [null, 7, 'x', [1], new Date(0), undefined] as unknown as Row[]
    const ack = await sink.write([{ id: 0 }, ...odd, { id: 1 }])
    expect(ack.accepted).toBe(2)
    expect(ack.rejected.map(({ index, code, path }) => [index, code, path])).toEqual(
      [1, 2, 3, 4, 5, 6].map((index) => [index, 'invalid-record', '']),
    )
    await sink.close()
    expect((await stored(store))[key(0, 2)]).toEqual([{ id: 0 }, { id: 1 }])
  })

  test('dead letters are files under the same guarantee, and part of the receipt', async () => {
    const { sink, store, clock } = bench()
    const ack = await sink.write([{ id: 0 }, { id: Number.NaN }])
    expect(ack.rejected).toEqual([
      { index: 1, code: 'invalid-record', path: '/id', message: expect.stringContaining('NaN') },
    ])
    const { files } = await sink.close()
    expect(files.map((file) => file.key).sort()).toEqual(
      [key(0, 1), key(0, 1, '_rejected', 'rejected')].sort(),
    )
    expect((await stored(store, 's/_rejected/'))[key(0, 1, '_rejected', 'rejected')]).toEqual([
      {
        error: 'invalid-record',
        path: '/id',
        message: ack.rejected[0]?.message,
        at: new Date(clock.now()).toISOString(),
        raw: '{"id":"[NaN]"}',
        exact: '~{"id":["f","NaN"]}',
        receipt: receiptId(ack.receipt.ranges.slice(1)),
      },
    ])
  })

  test.each([
    ['zod', z.object({ id: z.number().int(), at: z.object({ x: z.string() }) })],
    ['valibot', v.object({ id: v.pipe(v.number(), v.integer()), at: v.object({ x: v.string() }) })],
    ['arktype', type({ '+': 'delete', id: 'number.integer', at: { x: 'string' } })],
  ])('a validator (%s) decides, names the field, and its output is written', async (_, schema) => {
    const { sink, store } = bench({ schema })
    const ack = await sink.write([
      { id: 1, at: { x: 'a' }, extra: true },
      { id: 1.5, at: { x: 'a' } },
      { id: 1, at: { x: 2 } },
    ])
    expect(ack.accepted).toBe(1)
    expect(ack.rejected.map(({ index, path }) => [index, path])).toEqual([
      [1, '/id'],
      [2, '/at/x'],
    ])
    await sink.close()
    expect((await stored(store))[key(0, 1)]).toEqual([{ id: 1, at: { x: 'a' } }])
  })

  test('a validator that says what it gives out decides on the types, where the records have them', async () => {
    const schema = z.object({
      id: z.int(),
      at: z.iso.datetime(),
      day: z.coerce.date(),
      note: z.string().optional(),
      any: z.unknown(),
    })
    const { sink, store } = bench({ schema, format: parquet() })
    const ack = await sink.write([
      { id: 1, at: '2026-01-01T00:00:00Z', day: '2026-01-01', any: 0.5 },
    ])
    expect([ack.accepted, ack.receipt.ranges[0]?.lane.schema]).toEqual([1, 'auto'])
    await sink.close()
    const file = await (await store.get(key(0, 1).replace('jsonl', 'parquet')))?.bytes()
    const columns = parquetMetadata(file?.slice().buffer as ArrayBuffer).schema.slice(1)
    expect(columns.map(({ name, type, converted_type }) => [name, type, converted_type])).toEqual([
      ['id', 'INT64', undefined],
      ['at', 'INT64', 'TIMESTAMP_MILLIS'],
      ['day', 'INT64', 'TIMESTAMP_MILLIS'],
      ['any', 'DOUBLE', undefined],
      ['note', 'BYTE_ARRAY', 'UTF8'],
    ])
  })

  test('a validator that cannot say what it gives out is one as ever', async () => {
    for (const schema of [z.string(), v.object({ id: v.number() }), z.object({}).loose()]) {
      const { sink } = bench({ schema })
      expect(await sink.write([{ id: 1 }])).toMatchObject({
        accepted: schema instanceof z.ZodString ? 0 : 1,
      })
      await sink.close()
    }
  })

  test('a validator that has fields of its own is no list of columns', async () => {
    const { '~standard': standard } = z.object({ id: z.number() })
    const schema = { fields: { id: 'of a library' }, '~standard': standard }
    const { sink } = bench({ schema })
    const { accepted, receipt } = await sink.write([{ id: 1 }, { id: 'x' }])
    expect([accepted, receipt.ranges[0]?.lane.schema]).toEqual([1, 'auto'])
    await sink.close()
  })

  test('an asynchronous validator keeps the order', async () => {
    const schema = z.object({ id: z.number() }).refine(async ({ id }) => {
      await Promise.resolve()
      return id % 2 === 0
    })
    const { sink, store } = bench({ schema })
    const ack = await sink.write(rows(0, 6))
    expect(ack.rejected.map(({ index }) => index)).toEqual([1, 3, 5])
    await sink.close()
    expect((await stored(store))[key(0, 3)]).toEqual([{ id: 0 }, { id: 2 }, { id: 4 }])
  })

  test('declared columns decide, and their fingerprint names the lane', async () => {
    const schema = { fields: [{ name: 'id', type: 'int32', nullable: false }] } as const
    const { sink } = bench({ schema })
    const ack = await sink.write([{ id: 1 }, {}, { id: 'x' }, { id: 1, more: 1 }])
    expect(ack.rejected.map(({ index, path }) => [index, path])).toEqual([
      [1, '/id'],
      [2, '/id'],
      [3, '/more'],
    ])
    expect(ack.receipt.ranges[0]?.lane.schema).toMatch(/^[0-9a-f]{8}$/)
    await sink.close()
  })

  test('a record over the limit is rejected, not fatal', async () => {
    const { sink } = bench({ maxRecordBytes: 100 })
    const ack = await sink.write([{ text: 'x'.repeat(200) }, { text: 'y' }])
    expect(ack).toMatchObject({ accepted: 1, rejected: [{ index: 0, code: 'too-large' }] })
    await sink.close()
  })

  test('records refused before they were rows keep their places', async () => {
    const { sink, store } = bench()
    const unread = { code: 'invalid-record', path: '', message: 'no JSON', raw: '{oops' } as const
    const refused = [
      { index: 1, ...unread },
      { index: 4, ...unread },
    ]
    const ack = await sink.write([{ id: 0 }, { id: 2 }, { id: Number.NaN }], { refused })
    expect(ack.rejected.map(({ index, path }) => [index, path])).toEqual([
      [1, ''],
      [3, '/id'],
      [4, ''],
    ])
    await sink.close()
    expect((await stored(store))[key(0, 2)]).toEqual([{ id: 0 }, { id: 2 }])
    const letters = (await stored(store, 's/_rejected/'))[key(0, 3, '_rejected', 'rejected')]
    expect(letters?.map(({ raw }) => raw)).toEqual(['{oops', '{"id":"[NaN]"}', '{oops'])
  })

  test('a validator or partition that throws rejects its record alone', async () => {
    const partition = (row: Row): string => {
      if (row.id === 1) throw new TypeError('secret detail')
      return ''
    }
    const { sink } = bench({ partition })
    const ack = await sink.write(rows(0, 3))
    expect(ack).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'invalid-record' }] })
    expect(JSON.stringify(ack)).not.toContain('secret')
    await sink.close()
  })
})

describe('partition', () => {
  test('by fields is Hive style and evaluated for each record', async () => {
    const { sink, store } = bench({ partition: ['country', 'n'] })
    const some = [
      { country: 'DE', n: 1 },
      { country: 'a/b', n: null },
      { country: 'DE', n: 1 },
    ]
    const ack = await sink.write(some)
    expect(ack.receipt.ranges.map(({ lane, begin, end }) => [lane.partition, begin, end])).toEqual([
      ['country=DE/n=1', 0, 2],
      ['country=a%2Fb/n=__HIVE_DEFAULT_PARTITION__', 0, 1],
    ])
    await sink.close()
    expect(Object.keys(await stored(store)).sort()).toEqual(
      [key(0, 2, 'country=DE/n=1'), key(0, 1, 'country=a%2Fb/n=__HIVE_DEFAULT_PARTITION__')].sort(),
    )
  })

  test.each([
    '..',
    'a/../b',
    '/a',
    'a/',
    'a//b',
    'a b',
    '_rejected',
    '_rejected/x',
    '_replayed',
    '_log',
    '_log/x',
    'a\nb',
    '\ud800',
    'x'.repeat(1000),
  ])('a function’s path %j is refused as a verdict', async (path) => {
    const { sink, store } = bench({ partition: () => path })
    const ack = await sink.write(rows(0, 1))
    expect(ack).toMatchObject({ accepted: 0, rejected: [{ index: 0, code: 'invalid-record' }] })
    await sink.close()
    expect(Object.keys(await stored(store))).toEqual([key(0, 1, '_rejected', 'rejected')])
  })

  test('a field is the record’s own, not what every object inherits', async () => {
    const { sink } = bench({ partition: ['constructor'] })
    const { accepted, receipt } = await sink.write([{ a: 1 }])
    expect(accepted).toBe(1)
    expect(receipt.ranges[0]?.lane.partition).toBe('constructor=__HIVE_DEFAULT_PARTITION__')
    await sink.close()
  })

  test('a list or object as a field’s value is refused by name', async () => {
    const { sink } = bench({ partition: ['tags'] })
    const ack = await sink.write([{ tags: ['a'] }])
    expect(ack.rejected[0]?.message).toContain('"tags"')
    await sink.close()
  })
})

describe('rotation', () => {
  test('by records is exact, also within one write', async () => {
    const { sink, store } = bench({ rotate: { records: 4 } })
    await sink.write(rows(0, 3))
    await sink.write(rows(3, 10))
    await sink.close()
    expect(await stored(store)).toEqual({
      [key(0, 4)]: rows(0, 4),
      [key(4, 8)]: rows(4, 8),
      [key(8, 10)]: rows(8, 10),
    })
  })

  test('by bytes learns how large files become', async () => {
    const target = 10_000
    const shrinking: Format = {
      ...jsonl(),
      encoder: (options) => {
        const inner = jsonl().encoder(options)
        return {
          ...inner,
          bufferedBytes: 0,
          headBytes: 0,
          // A format that writes a quarter of its rows' JSON.
          write: async (some) =>
            (await inner.write(some)).map((chunk) =>
              chunk.slice(0, Math.ceil(chunk.byteLength / 4)),
            ),
          close: () => ({ chunks: [] }),
        }
      },
    }
    const { sink } = bench({ format: shrinking, rotate: { bytes: target } })
    const some = Array.from({ length: 1000 }, (_, id) => ({ id, text: 'x'.repeat(20) }))
    await sink.write(some)
    const [unlearned] = await sink.flush()
    expect(unlearned?.bytes).toBeLessThan(target / 3)
    for (let i = 0; i < 6; i++) {
      await sink.write(some.slice(0, 10))
      await sink.flush()
    }
    await sink.write(some)
    await sink.write(some)
    const learned = await sink.flush()
    for (const { bytes } of learned.slice(0, -1)) {
      expect(bytes).toBeGreaterThan(target * 0.7)
      expect(bytes).toBeLessThan(target * 1.3)
    }
    expect(learned.length).toBeGreaterThan(1)
    await sink.close()
  })

  test('by age counts from the file’s first record, also when nothing more comes', async () => {
    const { sink, store, clock } = bench({ rotate: { ageMs: 1000 } })
    await sink.write(rows(0, 1))
    await clock.advance(900)
    await sink.write(rows(1, 2))
    await clock.advance(99)
    expect(await stored(store)).toEqual({})
    await clock.advance(1)
    expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
    await sink.write(rows(2, 3))
    await clock.advance(1000)
    expect(Object.keys(await stored(store))).toEqual([key(0, 2), key(2, 3)])
    await sink.close()
  })

  test('flush cuts what is open, resolves to it, and the sink goes on', async () => {
    const { sink } = bench()
    await sink.write(rows(0, 2))
    expect(await sink.flush()).toMatchObject([{ key: key(0, 2) }])
    expect(await sink.flush()).toEqual([])
    await sink.write(rows(2, 3))
    expect((await sink.close()).files.map((file) => file.key)).toEqual([key(0, 2), key(2, 3)])
  })
})

describe('receipts', () => {
  test('resolve when every record is visible, and can be had again by id', async () => {
    const { sink } = bench({ rotate: { records: 2 } })
    const { receipt } = await sink.write(rows(0, 3))
    const again = sink.receipt(receipt.id)
    expect(again.ranges).toEqual(receipt.ranges)
    const committed = again.committed()
    await sink.flush()
    expect(await committed).toMatchObject({
      records: 3,
      files: [{ key: key(0, 2) }, { key: key(2, 3) }],
    })
    expect(await receipt.progress()).toMatchObject({ state: 'committed', records: 3 })
    await sink.close()
    expect(await receipt.committed()).toEqual(await committed)
  })

  test('say what is still pending, and stop waiting when told to', async () => {
    const { sink } = bench()
    const { receipt } = await sink.write(rows(0, 3))
    expect(await receipt.progress()).toEqual({ state: 'pending', records: 0, files: [] })
    const stop = new AbortController()
    const waiting = receipt.committed({ signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    await sink.close()
  })

  test('a word that is no receipt is not found', () => {
    const { sink } = bench()
    const words = [
      '',
      'x',
      '!!',
      btoa('{}'),
      btoa('[[1]]'),
      btoa('[["","0","auto",3,1]]'),
      btoa('[["","0","auto",-1,1]]'),
    ]
    for (const word of words) {
      const call = (): unknown => sink.receipt(word.replace(/=+$/, ''))
      expect(call).toThrowError(expect.objectContaining({ code: 'not-found' }))
    }
  })
})

describe('producers', () => {
  const step = (seq: number, epoch = 1) => ({ producer: { id: 'p', epoch, seq } })

  test('the same sequence again gets the same answer and keeps nothing', async () => {
    const { sink, store } = bench()
    const some = [{ id: 0 }, { id: Number.NaN }]
    const first = await sink.write(some, step(0))
    const second = await sink.write(some, step(0))
    expect(second).toMatchObject({ accepted: 1, rejected: first.rejected, duplicate: true })
    expect(second.receipt.ranges).toEqual(first.receipt.ranges)
    await sink.write([{ id: 1 }], step(1))
    expect(await sink.close()).toMatchObject({ accepted: 2, rejected: 1 })
    expect((await stored(store))[key(0, 2)]).toEqual([{ id: 0 }, { id: 1 }])
  })

  test('a gap, other content under the same number, and an old epoch are refused', async () => {
    const { sink } = bench()
    await sink.write(rows(0, 1), step(0, 2))
    await expect(sink.write(rows(0, 1), step(2, 2))).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
    })
    await expect(sink.write(rows(5, 6), step(0, 2))).rejects.toMatchObject({ code: 'conflict' })
    await expect(sink.write(rows(0, 1), step(0, 1))).rejects.toMatchObject({ code: 'fenced' })
    for (const odd of [
      { id: '', epoch: 2, seq: 1 },
      { id: 'p', epoch: 2, seq: 0.5 },
    ]) {
      await expect(sink.write(rows(0, 1), { producer: odd })).rejects.toMatchObject({
        code: 'invalid-options',
      })
    }
    await sink.write(rows(1, 2), step(1, 2))
    await sink.write(rows(2, 3), step(0, 3))
    expect(await sink.close()).toMatchObject({ accepted: 3 })
  })
})

describe('a store that fails', () => {
  function failing(base: Store): { store: Store; down(error?: SluiceError): void; up(): void } {
    let error: SluiceError | undefined
    return {
      store: { ...base, put: (...args) => (error ? Promise.reject(error) : base.put(...args)) },
      down: (reason = new SluiceError('unavailable', 'down')) => {
        error = reason
      },
      up: () => {
        error = undefined
      },
    }
  }

  test('keeps the records, tells flush, tries again by itself, and ends in one file', async () => {
    const { store, down, up } = failing(memoryStore())
    const { sink, clock } = bench({ store })
    down()
    const { receipt } = await sink.write(rows(0, 2))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'unavailable' })
    await clock.advance(60_000)
    expect(await stored(store)).toEqual({})
    up()
    await clock.advance(300_000)
    expect(await receipt.committed()).toMatchObject({ records: 2 })
    expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
    await sink.close()
  })

  test('makes write say slow-down once the log is full, and take records again afterwards', async () => {
    const { store, down, up } = failing(memoryStore())
    const { sink, clock } = bench({ store, maxPendingBytes: 300 })
    down()
    await sink.write(rows(0, 10))
    const refused = await sink.write(rows(10, 40)).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'slow-down',
      retryable: true,
      retryAfterMs: expect.any(Number),
    })
    up()
    await clock.advance((refused as SluiceError).retryAfterMs ?? 0)
    await sink.write(rows(10, 40))
    const { files } = await sink.close()
    expect(files.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 10],
      [10, 40],
    ])
  })

  test('what earlier processes sealed counts against the limit too', async () => {
    const { store, down, up } = failing(memoryStore())
    const { sink, reopen } = bench({ store, maxPendingBytes: 10_000 })
    down()
    const row = { text: 'x'.repeat(900) }
    let accepted = 0
    for (let life = 0, now = sink; life < 4; life++, now = reopen()) {
      for (;;) {
        const ack = await now.write([row]).catch((error: unknown) => error)
        if (ack instanceof Error) {
          expect(ack).toMatchObject({ code: 'slow-down' })
          break
        }
        accepted++
      }
    }
    expect(accepted).toBe(Math.floor(10_000 / approximateBytes(row)))
    up()
    expect((await reopen().close()).files.reduce((sum, { records }) => sum + records, 0)).toBe(
      accepted,
    )
  })

  test('close can be called again after it failed', async () => {
    const { store, down, up } = failing(memoryStore())
    const { sink } = bench({ store })
    await sink.write(rows(0, 1))
    down(new SluiceError('permission-denied', 'no'))
    await expect(sink.close()).rejects.toMatchObject({ code: 'permission-denied' })
    up()
    expect(await sink.close()).toMatchObject({ files: [{ key: key(0, 1) }] })
  })
})

describe('crashes and other owners', () => {
  test('what was acknowledged is published by the next process, once', async () => {
    const store = memoryStore()
    const { sink, reopen } = bench({ store })
    await sink.write(rows(0, 3))
    await sink.abort()
    expect(await stored(store)).toEqual({})
    const second = reopen()
    await second.write(rows(3, 4))
    await second.close()
    expect(await stored(store)).toEqual({ [key(0, 4)]: rows(0, 4) })
  })

  test('a put that was done but never answered is recognised as ours', async () => {
    const base = memoryStore()
    let lost = true
    const store: Store = {
      ...base,
      put: async (...args) => {
        const result = await base.put(...args)
        if (!lost) return result
        lost = false
        throw new SluiceError('network', 'the answer was lost')
      },
    }
    const { sink, clock } = bench({ store })
    const { receipt } = await sink.write(rows(0, 2))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'network' })
    await clock.advance(10_000)
    const { files } = await receipt.committed()
    expect(files).toMatchObject([{ key: key(0, 2), etag: (await base.head(key(0, 2)))?.etag }])
    expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
    await sink.close()
  })

  test('a foreign object under our key is never overwritten: the sink stops', async () => {
    const { sink, store } = bench()
    await store.put(
      key(0, 1),
      new TextEncoder().encode('{"id":"theirs"}\n') as Uint8Array<ArrayBuffer>,
    )
    await sink.write(rows(0, 1))
    await expect(sink.close()).rejects.toMatchObject({ code: 'fenced', key: key(0, 1) })
    await expect(sink.write(rows(1, 2))).rejects.toMatchObject({ code: 'fenced' })
    expect(await stored(store)).toEqual({ [key(0, 1)]: [{ id: 'theirs' }] })
  })

  test('a foreign object that is met in the background stops the sink as well', async () => {
    const { sink, store, clock } = bench({ rotate: { ageMs: 1000 } })
    await store.put(key(0, 1), new Uint8Array(1))
    await sink.write(rows(0, 1))
    await clock.advance(1000)
    await expect(sink.write(rows(1, 2))).rejects.toMatchObject({ code: 'fenced', key: key(0, 1) })
  })

  test('a second owner of the log fences the first', async () => {
    const { sink, reopen, store } = bench()
    await sink.write(rows(0, 1))
    const second = reopen()
    await second.write(rows(1, 2))
    await expect(sink.write(rows(8, 9))).rejects.toMatchObject({ code: 'fenced' })
    await expect(sink.flush()).rejects.toMatchObject({ code: 'fenced' })
    await second.close()
    expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
  })

  test('an upload that was cut off is aborted by the next process', async () => {
    const capabilities = { multipart: { minPartBytes: 1024, equalParts: true } }
    const base = memoryStore({ capabilities })
    const stop = new AbortController()
    const store: Store = {
      ...base,
      createMultipart: async (...args) => {
        const upload = await (base.createMultipart as NonNullable<Store['createMultipart']>)(
          ...args,
        )
        return {
          key: upload.key,
          uploadId: upload.uploadId,
          putPart: () =>
            new Promise((_, reject) => {
              stop.signal.addEventListener('abort', () =>
                reject(new SluiceError('network', 'gone')),
              )
            }),
          complete: (parts) => upload.complete(parts),
          abort: () => Promise.reject(new SluiceError('permission-denied', 'the process is dead')),
          toJSON: () => upload.toJSON(),
        }
      },
    }
    const large = Array.from({ length: 30_000 }, (_, id) => ({ id, text: `${id}`.repeat(80) }))
    const { sink, reopen } = bench({ store, maxPendingBytes: 2 ** 30 })
    await sink.write(large)
    const flushed = sink.flush().catch((error: unknown) => error)
    while ((await Array.fromAsync(base.listMultipart?.('') ?? [])).length === 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    stop.abort()
    await flushed
    await sink.abort()
    const second = reopen({ store: base })
    await second.close()
    expect(await Array.fromAsync(base.listMultipart?.('') ?? [])).toEqual([])
    expect(Object.values(await stored(base)).flat()).toEqual(large)
  })

  test('timers of what was left open are set again on open', async () => {
    const { sink, reopen, store, clock } = bench({ rotate: { ageMs: 1000 } })
    await sink.write(rows(0, 1))
    await sink.abort()
    const second = reopen()
    await second.open()
    await clock.advance(1000)
    expect(await stored(store)).toEqual({ [key(0, 1)]: rows(0, 1) })
    await second.close()
  })
})

test('leaving the scope without close aborts', async () => {
  const { sink, store } = bench()
  {
    await using scoped = sink
    await scoped.write(rows(0, 1))
  }
  expect(await stored(store)).toEqual({})
})

test('a store without conditions gets the same file under the same key', async () => {
  const store = memoryStore({ capabilities: { conditionalPut: false, conditionalComplete: false } })
  const { sink } = bench({ store })
  await sink.write(rows(0, 2))
  await sink.close()
  expect(await stored(store)).toEqual({ [key(0, 2)]: rows(0, 2) })
})

test('options that cannot work are refused at once', () => {
  const store = memoryStore()
  const format = jsonl()
  const bad = [
    { stream: '' },
    { stream: 'a/b' },
    { stream: '..' },
    { shard: 'a b' },
    { name: 'x' },
    { name: '{uuid}-{nope}' },
    { name: '{uuid}-{constructor}' },
    { name: '{uuid' },
    { rotate: { records: 0 } },
    { rotate: { ageMs: -1 } },
    { maxPendingBytes: 0 },
  ]
  for (const options of bad) {
    expect(
      () => createSink({ store, format, log: memoryLog(), ...options }),
      JSON.stringify(options),
    ).toThrowError(expect.objectContaining({ code: 'invalid-options' }))
  }
})

describe('toWritable', () => {
  test('gathers rows into batches, and the pipe’s end makes them visible', async () => {
    const { sink, store } = bench()
    const acks: Ack[] = []
    const end = toWritable(sink, { batchRows: 4, onAck: (ack) => void acks.push(ack) })
    await toReadableStream([...rows(0, 5), { id: Number.NaN }]).pipeTo(end)
    expect(acks.map(({ accepted, rejected }) => [accepted, rejected.length])).toEqual([
      [4, 0],
      [1, 1],
    ])
    expect((await stored(store))[key(0, 5)]).toEqual(rows(0, 5))
    expect(await sink.close()).toMatchObject({ accepted: 5, rejected: 1 })
  })

  test('a pipe that breaks aborts the sink', async () => {
    const { sink, store } = bench()
    async function* broken(): AsyncGenerator<Row> {
      yield { id: 0 }
      throw new Error('cut')
    }
    await expect(toReadableStream(broken()).pipeTo(toWritable(sink))).rejects.toThrow('cut')
    await expect(sink.write(rows(0, 1))).rejects.toMatchObject({ code: 'aborted' })
    expect(await stored(store)).toEqual({})
  })
})

test.each([
  ['without a log of their own', () => undefined],
  ['each with a log in memory, which knows nothing of the other', () => memoryLog()],
])('sinks %s never meet under one name', async (_, logOf) => {
  const store = memoryStore()
  for (let run = 0; run < 2; run++) {
    const sink = createSink({ store, format: jsonl(), log: logOf() })
    await sink.write(rows(0, 1))
    await sink.close()
  }
  expect(Object.values(await stored(store))).toEqual([rows(0, 1), rows(0, 1)])
})

test('a hundred thousand single writes are as many records, and closing reads them in batches', async () => {
  let batches = 0
  const inner = memoryLog()
  const log: Log = {
    inMemory: true,
    open: async (owner) => {
      const session = await inner.open(owner)
      const read: typeof session.read = async function* (file) {
        for await (const batch of session.read(file)) {
          batches++
          yield batch
        }
      }
      return Object.assign(Object.create(session) as typeof session, {
        append: session.append.bind(session),
        seal: session.seal.bind(session),
        commit: session.commit.bind(session),
        progress: session.progress.bind(session),
        committed: session.committed.bind(session),
        close: session.close.bind(session),
        read,
      })
    },
  }
  const { sink } = bench({ log })
  for (let i = 0; i < 100_000; i++) await sink.write([{ id: i }])
  const { files } = await sink.close()
  expect(files).toMatchObject([{ records: 100_000 }])
  expect(batches).toBeLessThan(100)
})
