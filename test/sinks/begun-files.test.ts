import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type {
  BegunFiles as BegunRows,
  Format,
  Log,
  MultipartUpload,
  Row,
  SinkEvent,
  Store,
  UploadInfo,
} from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { csv } from '../../src/formats/csv.ts'
import { gzip } from '../../src/formats/gzip.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { fromCsv } from '../../src/inputs/csv.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink, type FileSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { MemoryCapabilities } from '../../src/stores/memory-capabilities.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.ts'
import { Process, type ProcessOptions } from './process.ts'

const PART_BYTES = 1024
/** A log in memory gets three eighths of it. */
const MEMORY_BYTES = 16 * 1024
const LOG_BYTES = (MEMORY_BYTES * 3) / 8
/** Some 60 bytes each. */
const BATCH = 20

const FORMATS: readonly [string, Format][] = [
  ['.jsonl', jsonl() as Format],
  ['.csv', csv() as Format],
  ['.parquet', parquet({ rowGroupRows: 1000 }) as Format],
]

function world(
  options: Partial<SinkOptions> = {},
  capabilities: MemoryCapabilities = {},
  process: ProcessOptions = {},
) {
  const multipart = { minPartBytes: PART_BYTES, maxPartBytes: PART_BYTES, equalParts: true }
  const base = memoryStore({ capabilities: { multipart, ...capabilities } })
  const events: SinkEvent[] = []
  const clock = virtualClock()
  const bucket = new Process(process)
  const given: SinkOptions = {
    ...{ store: bucket.store(base), format: jsonl() as Format, stream: 's', shard: '0' },
    ...{
      name: '{stream}/{uuid}.{ext}',
      memoryBytes: MEMORY_BYTES,
      log: memoryLog(),
      probe: false,
      clock,
    },
    onEvent: (event) => void events.push(event),
    ...options,
  }
  return { base, bucket, events, clock, given, sink: createSink(given) }
}

const row = (id: number): Row => ({ id, text: `row ${id} of very many rows`, at: new Date(id) })

function batch(number: number, rowOf = row): Row[] {
  return Array.from({ length: BATCH }, (_, i) => rowOf(number * BATCH + i))
}

async function writeAll(sink: FileSink, batches: number, rowOf = row): Promise<void> {
  for (let n = 0; n < batches; n++) await sink.write(batch(n, rowOf))
}

/** As a producer does that is told to come again. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (!(error as SluiceError).retryable) throw error
    }
  }
}

/** Whatever it sleeps for. */
async function inTime(clock: VirtualClock, run: Promise<void>): Promise<void> {
  let isOver = false
  const ended = run.finally(() => {
    isOver = true
  })
  while (!isOver) await clock.advance(1000)
  await ended
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
  return keys
}

/** The log, but for what it does with files that are begun. */
function withBegun(log: Log, change: (begun: BegunRows) => BegunRows | undefined): Log {
  return {
    inMemory: true,
    async open(owner) {
      const session = await log.open(owner)
      return new Proxy(session, {
        get(target, name) {
          if (name === 'begun') return change(target.begun as BegunRows)
          const member: unknown = Reflect.get(target, name, target)
          return typeof member === 'function' ? member.bind(target) : member
        },
      })
    },
  }
}

const uploads = (base: Store): Promise<UploadInfo[]> =>
  Array.fromAsync(base.listMultipart?.('') ?? [])

/** The ids in a file, by a reader that is not ours where it is Parquet. */
async function idsIn(store: Store, key: string): Promise<number[]> {
  const bytes = (await (await store.get(key))?.bytes()) ?? new Uint8Array()
  const text = new TextDecoder().decode(bytes)
  let rows: Row[] = []
  if (key.endsWith('.parquet')) rows = (await parquetReadObjects({ file: bytes.buffer })) as Row[]
  else if (key.endsWith('.jsonl')) {
    rows = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row)
  } else {
    const lines = new Blob([text]).stream().pipeThrough(fromCsv())
    for await (const one of lines as unknown as AsyncIterable<Row>) rows.push(one)
  }
  return rows.map(({ id }) => Number(id))
}

/**
 * The store, but for its `lateAt`th part: that fails, and arrives all the same, when another one has taken its place: as what a client has given up may do.
 */
function withLatePart(base: Store, lateAt: number): { store: Store; readonly calls: number } {
  let calls = 0
  let arrive = async (): Promise<void> => {}
  const upload = (inner: MultipartUpload): MultipartUpload => ({
    ...inner,
    async putPart(number, body, options) {
      if (++calls !== lateAt) return inner.putPart(number, body, options)
      const sent = new Blob([body])
      arrive = async () => {
        arrive = async () => {}
        // The upload may be gone by then.
        await inner.putPart(number, sent).catch(() => {})
      }
      throw new SluiceError('timeout', 'No answer has come')
    },
    async complete(...given) {
      await arrive()
      return inner.complete(...given)
    },
  })
  const { createMultipart, resumeMultipart } = base as Required<Store>
  const store: Store = {
    ...base,
    createMultipart: async (...given) => upload(await createMultipart(...given)),
    resumeMultipart: (token) => upload(resumeMultipart(token)),
  }
  return {
    store,
    get calls() {
      return calls
    },
  }
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, id) => id)

describe.each(FORMATS)('a file that is larger than its log in memory: %s', (_, format) => {
  test('goes on, and is one, in order, and visible at its end', async () => {
    const { base, bucket, events, sink } = world({ format })
    let mostBytes = 0
    for (let n = 0; n < 100; n++) {
      await sink.write(batch(n))
      // What was written lies in the log.
      expect(sink.status().pendingBytes).toBeGreaterThan(0)
      mostBytes = Math.max(mostBytes, sink.status().pendingBytes)
    }
    expect(mostBytes).toBeLessThanOrEqual(LOG_BYTES)
    expect(bucket.count('putPart')).toBeGreaterThan(1)
    expect(await keysOf(base)).toEqual([])
    const ack = await sink.write([row(100 * BATCH)])
    const { files } = await sink.close()
    const keys = await keysOf(base)
    expect(files).toMatchObject([{ key: keys[0], begin: 0, end: 2001, records: 2001 }])
    expect(await idsIn(base, keys[0] ?? '')).toEqual(upTo(2001))
    expect((await ack.receipt.committed()).files).toEqual(files)
    expect(await uploads(base)).toEqual([])
    expect(events.filter(({ type }) => type === 'sealed')).toMatchObject([
      { reason: 'close', records: 2001 },
    ])
    expect(bucket.count('create')).toBe(1)
  })

  test.each([false, true])('whatever request fails (after its effect: %s)', async (after) => {
    for (let failAt = 1; ; failAt++) {
      let calls = 0
      const fail = (): void => {
        if (++calls === failAt) throw new SluiceError('unavailable', 'Not now')
      }
      const process = after ? { onAnswer: fail } : { onCall: fail }
      const { base, sink } = world({ format }, {}, process)
      for (let n = 0; n < 20; n++) await patiently(() => sink.write(batch(n)))
      await patiently(() => sink.close())
      const keys = await keysOf(base)
      expect(keys).toHaveLength(1)
      expect(await idsIn(base, keys[0] ?? '')).toEqual(upTo(400))
      // Of one whose creation was not heard of nobody knows.
      const unheardOf = after && failAt === 1 ? 1 : 0
      expect(await uploads(base)).toHaveLength(unheardOf)
      if (calls < failAt) break
    }
  })

  test('the log’s next owner goes on with it', async () => {
    const { base, given, sink: first } = world({ format })
    await writeAll(first, 20)
    const second = createSink(given)
    await second.open()
    await expect(first.write([row(0)])).rejects.toMatchObject({ code: 'fenced' })
    await first.abort()
    for (let n = 20; n < 40; n++) await second.write(batch(n))
    await second.close()
    const keys = await keysOf(base)
    expect(keys).toHaveLength(1)
    expect(await idsIn(base, keys[0] ?? '')).toEqual(upTo(800))
    expect(await uploads(base)).toEqual([])
  })

  test('a value that its columns have no place for begins another one', async () => {
    const { base, sink } = world({ format })
    // That one is missing is no other column.
    const rowOf = (id: number): Row => ({
      ...(id > 300 && id % 50 === 7 ? { id, text: null } : row(id)),
      ...(id >= 500 && { late: id }),
    })
    await writeAll(sink, 40, rowOf)
    const { files } = await sink.close()
    const begins = format.extension === 'jsonl' ? [0] : [0, 500]
    expect(files.map(({ begin }) => begin)).toEqual(begins)
    const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
    expect(ids.flat()).toEqual(upTo(800))
  })
})

test.each([0, 1, 30])(
  'where rows are gathered, a part that arrives after the one in its place is the same: %i writes later',
  async (more) => {
    for (let lateAt = 1; ; lateAt++) {
      const { base, given } = world({ format: parquet({ rowGroupRows: 1000 }) as Format })
      const late = withLatePart(base, lateAt)
      const sink = createSink({ ...given, store: late.store })
      let id = 0
      let size = BATCH
      for (let left = 50; left > 0; left--) {
        const rows = Array.from({ length: size }, (_, i) => row(id + i))
        try {
          await sink.write(rows)
          id += size
        } catch (error) {
          expect(error).toMatchObject({ code: 'slow-down' })
          // A single one fits, and lies behind what was to be sent.
          size = 1
          left = more + 1
        }
      }
      await patiently(() => sink.close())
      const [key = ''] = await keysOf(base)
      expect(await idsIn(base, key), `part ${lateAt}`).toEqual(upTo(id))
      expect(await uploads(base)).toEqual([])
      if (late.calls < lateAt) break
    }
  },
)

test('declared columns are those of the file', async () => {
  const schema = {
    fields: [
      { name: 'id', type: 'int64', nullable: false },
      { name: 'text', type: 'string', nullable: true },
      { name: 'at', type: 'timestamp', nullable: true },
    ],
  } as const
  const { base, sink } = world({ format: parquet() as Format, schema })
  await writeAll(sink, 20)
  const { files } = await sink.close()
  expect(files).toHaveLength(1)
  expect(await idsIn(base, files[0]?.key ?? '')).toEqual(upTo(400))
})

test.each<[string, Partial<SinkOptions>, MemoryCapabilities]>([
  ['a name that says where the file ends', { name: undefined }, {}],
  ['a format that cannot be gone on with', { format: gzip(jsonl()) as Format }, {}],
  ['a store without parts', {}, { multipart: false }],
])('%s: it is cut when the log is full', async (_, options, capabilities) => {
  const { base, events, sink } = world(options, capabilities)
  await writeAll(sink, 20)
  const { fileCount, accepted } = await sink.close()
  expect(accepted).toBe(400)
  expect(fileCount).toBeGreaterThan(1)
  expect(await keysOf(base)).toHaveLength(fileCount)
  expect(events.some((event) => event.type === 'sealed' && event.reason === 'memory')).toBe(true)
})

test('its limits are those of the whole file', async () => {
  const { clock, sink, base } = world({ rotate: { records: 300, ageMs: 60_000 } })
  await writeAll(sink, 40)
  await sink.flush()
  const sizes: number[] = []
  for (const key of await keysOf(base)) sizes.push((await idsIn(base, key)).length)
  expect(sizes.sort()).toEqual([200, 300, 300])
  // One of which nothing is in memory any more ends by its age, too.
  await writeAll(sink, 14)
  expect(await keysOf(base)).toHaveLength(3)
  await clock.advance(60_000)
  expect(await keysOf(base)).toHaveLength(4)
  await sink.close()
})

test('a limit that is passed before its cut has come leaves nothing out', async () => {
  const { sink, base } = world({ rotate: { records: 30 } })
  // The second one of each pair makes its room before the first one's cut.
  for (let n = 0; n < 40; n += 2) {
    await Promise.all([sink.write(batch(n)), sink.write(batch(n + 1))])
  }
  const { files } = await sink.close()
  expect(files.length).toBeGreaterThan(5)
  const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
  expect(ids.flat()).toEqual(upTo(800))
})

test('it waits for what is being published, which needs the memory', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const onCall = (name: string) => (name === 'put' ? held : undefined)
  const { base, bucket, sink } = world({}, {}, { onCall })
  await sink.write([(() => 1) as unknown as Row])
  const flushed = sink.flush()
  const written = writeAll(sink, 20)
  release()
  await Promise.all([flushed, written])
  await sink.close()
  expect(bucket.calls.indexOf('put')).toBeLessThan(bucket.calls.indexOf('create'))
  expect(await keysOf(base)).toHaveLength(2)
})

test('beside a file that is refused, and keeps the memory, others are cut', async () => {
  const onCall = (name: string): void => {
    if (name === 'put') throw new SluiceError('permission-denied', 'Not there')
  }
  const { base, sink } = world({}, {}, { onCall })
  await sink.write([(() => 1) as unknown as Row])
  await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
  await writeAll(sink, 40)
  expect((await keysOf(base)).length).toBeGreaterThan(1)
  await sink.abort()
})

test('a completion that is refused for a moment is made again', async () => {
  let refusals = 1
  const onCall = (name: string): void => {
    if (name === 'complete' && refusals-- > 0) throw new SluiceError('conflict', 'Not now')
  }
  const { base, sink } = world({}, {}, { onCall })
  await writeAll(sink, 20)
  await expect(sink.close()).rejects.toMatchObject({ code: 'conflict' })
  const { files } = await sink.close()
  expect(await idsIn(base, files[0]?.key ?? '')).toEqual(upTo(400))
})

test('one at a time: another lane is cut', async () => {
  const { base, events, sink } = world({
    partition: ({ kind }) => String(kind),
    name: '{stream}/{partition}/{uuid}.{ext}',
  })
  for (let n = 0; n < 60; n++) {
    await sink.write(batch(n).map((one) => ({ ...one, kind: n % 3 === 0 ? 'b' : 'a' })))
  }
  const { files } = await sink.close()
  const memory = events.filter((event) => event.type === 'sealed' && event.reason === 'memory')
  expect(memory.length).toBeGreaterThan(0)
  const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
  expect(ids.flat().sort((a, b) => a - b)).toEqual(upTo(1200))
  expect(await uploads(base)).toEqual([])
})

test('what has been sent is no longer pending when its file is cut', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const onCall = (name: string) => (name === 'complete' ? held : undefined)
  const { base, sink } = world({}, {}, { onCall })
  let n = 0
  while (n < 20 || sink.status().pendingBytes > LOG_BYTES / 2) await sink.write(batch(n++))
  const { pendingBytes } = sink.status()
  const flushed = sink.flush()
  await sink.write(batch(n++))
  expect(sink.status().sealedFiles).toBe(1)
  expect(sink.status().pendingBytes).toBeGreaterThan(pendingBytes)
  expect(sink.status().pendingBytes).toBeLessThanOrEqual(LOG_BYTES)
  release()
  await flushed
  await sink.close()
  const ids = await Promise.all((await keysOf(base)).map((key) => idsIn(base, key)))
  expect(ids.flat().sort((a, b) => a - b)).toEqual(upTo(n * BATCH))
})

test.each([
  ['before its cut', 20, 'write'],
  ['after it', 21, 'flush'],
])('what cannot be aborted is tried again, and told of: %s', async (_, batches, last) => {
  let refusals = 0
  const onCall = (name: string): void => {
    if (name === 'complete') throw new SluiceError('permission-denied', 'Not you')
    if (name === 'abort' && refusals-- > 0) throw new SluiceError('unavailable', 'Not now')
  }
  for (const [times, left] of [
    [2, 0],
    [100, 1],
  ] as const) {
    const { base, clock, events, sink } = world({}, {}, { onCall })
    await writeAll(sink, batches)
    if (last === 'flush') {
      await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
    }
    refusals = times
    await inTime(clock, sink.abort())
    const open = await uploads(base)
    expect(open).toHaveLength(left)
    const told = open.map(({ key, uploadId }) => ({ type: 'upload-left', key, uploadId }))
    expect(events.filter(({ type }) => type === 'upload-left')).toEqual(told)
  }
})

test('one that fails at its beginning, and cannot be aborted, is told of', async () => {
  const onCall = (name: string): void => {
    if (/putPart|abort/.test(name)) throw new SluiceError('unavailable', 'Not now')
  }
  const { base, clock, events, sink } = world({}, {}, { onCall })
  await inTime(clock, expect(writeAll(sink, 20)).rejects.toMatchObject({ code: 'slow-down' }))
  const [open] = await uploads(base)
  expect(events.filter(({ type }) => type === 'upload-left')).toEqual([
    { type: 'upload-left', key: open?.key, uploadId: open?.uploadId },
  ])
  await inTime(clock, sink.abort())
})

test('a sink that is aborted leaves nothing of it', async () => {
  const { base, given, sink } = world()
  await writeAll(sink, 20)
  expect(await uploads(base)).toHaveLength(1)
  await sink.abort()
  expect(await uploads(base)).toEqual([])
  // What the log still had is its next owner's.
  const next = createSink(given)
  await next.write([row(400)])
  const { files } = await next.close()
  expect(files.at(-1)?.end).toBe(401)
  expect((await idsIn(base, files.at(-1)?.key ?? '')).at(-1)).toBe(400)
})

test('one that is aborted after its cut leaves to the log’s next owner what was not sent', async () => {
  let refused = true
  const onCall = (name: string): void => {
    if (name === 'complete' && refused) throw new SluiceError('permission-denied', 'Not you')
  }
  const { base, given, sink } = world({}, {}, { onCall })
  await writeAll(sink, 21)
  await expect(sink.flush()).rejects.toMatchObject({ code: 'permission-denied' })
  await sink.abort()
  expect(await uploads(base)).toEqual([])
  refused = false
  const next = createSink(given)
  await next.write([row(420)])
  const { files } = await next.close()
  expect(files).toHaveLength(2)
  const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
  expect(ids.flat()).toEqual(upTo(421).slice(files[0]?.begin))
  expect(await uploads(base)).toEqual([])
})

test('an upload that no log may know is told of', async () => {
  const inner = memoryLog()
  const log = withBegun(inner, (begun) => ({
    ...begun,
    async keep(...given) {
      await inner.open('the next owner')
      return begun.keep(...given)
    },
  }))
  const { base, events, sink } = world({ log })
  await expect(writeAll(sink, 20)).rejects.toMatchObject({ code: 'fenced' })
  const [open] = await uploads(base)
  expect(events.filter(({ type }) => type === 'upload-left')).toEqual([
    { type: 'upload-left', key: open?.key, uploadId: open?.uploadId },
  ])
})

test('a cut that is under way when its sink is aborted comes before, or not at all', async () => {
  const { base, events, given, sink } = world({ format: csv() as Format })
  await writeAll(sink, 20)
  // It reads first what fits.
  const flushed = sink.flush()
  await Promise.resolve()
  await sink.abort()
  await expect(flushed).rejects.toMatchObject({ code: 'aborted' })
  expect(events.filter(({ type }) => type === 'sealed')).toEqual([])
  expect(await uploads(base)).toEqual([])
  const next = createSink(given)
  await next.write([row(400)])
  const { files } = await next.close()
  expect((await idsIn(base, files.at(-1)?.key ?? '')).at(-1)).toBe(400)
})

test('one whose upload is being aborted is none that the next owner goes on with', async () => {
  let refused = true
  const onCall = (name: string): void => {
    if (name === 'complete' && refused) throw new SluiceError('permission-denied', 'Not you')
  }
  const { base, bucket, given, sink } = world({}, {}, { onCall })
  const aborting = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const store = bucket.store(base)
  const resumeMultipart: Store['resumeMultipart'] = (token) => {
    const upload = (store.resumeMultipart as NonNullable<Store['resumeMultipart']>)(token)
    const abort: MultipartUpload['abort'] = async (options) => {
      aborting.resolve()
      await aborted.promise
      await upload.abort(options)
    }
    return new Proxy(upload, {
      get: (of, name) => (name === 'abort' ? abort : Reflect.get(of, name)),
    })
  }
  await sink.abort()
  const first = createSink({ ...given, store: { ...store, resumeMultipart } })
  await writeAll(first, 21)
  await expect(first.flush()).rejects.toMatchObject({ code: 'permission-denied' })
  const stopped = first.abort()
  await aborting.promise
  refused = false
  const next = createSink(given)
  await next.write([row(420)])
  aborted.resolve()
  await stopped
  const { files } = await next.close()
  const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
  expect(ids.flat()).toEqual(upTo(421).slice(files[0]?.begin))
  expect(await uploads(base)).toEqual([])
})

test('one that was completed when its sink was aborted is the next owner’s as it is', async () => {
  let lost = true
  const onAnswer = (name: string): void => {
    if (name === 'complete' && lost) throw new SluiceError('network', 'Who knows')
    if (name === 'head' && lost) throw new SluiceError('network', 'Who knows')
  }
  const { base, clock, given, sink } = world({}, {}, { onAnswer })
  await writeAll(sink, 21)
  const late = await sink.write([row(420)])
  await expect(sink.flush()).rejects.toMatchObject({ code: 'network' })
  await inTime(clock, sink.abort())
  lost = false
  const next = createSink(given)
  const { files } = await next.close()
  expect(files).toMatchObject([{ begin: 0, end: 421 }])
  expect(await idsIn(base, files[0]?.key ?? '')).toEqual(upTo(421))
  expect(late.accepted).toBe(1)
})

test('records whose upload the store has dropped are told of by name, and no file lacks them', async () => {
  const { base, sink } = world()
  await writeAll(sink, 20)
  const [upload] = await uploads(base)
  await base.resumeMultipart?.(upload as UploadInfo).abort()
  await expect(sink.close()).rejects.toMatchObject({
    code: 'not-found',
    message: expect.not.stringContaining('stays open'),
  })
  expect(await keysOf(base)).toEqual([])
  await sink.abort()
})

test('a bucket that is not there is told as that, and not as a full log', async () => {
  const { base, given } = world()
  const refusal = new SluiceError('not-found', 'There is no bucket')
  const store: Store = { ...base, createMultipart: () => Promise.reject(refusal) }
  const sink = createSink({ ...given, store })
  await expect(writeAll(sink, 20)).rejects.toMatchObject({ code: 'not-found' })
  await sink.abort()
})

test('a write that needs an upload which the store has dropped is not told to come again', async () => {
  const { base, sink } = world()
  await writeAll(sink, 20)
  const [upload] = await uploads(base)
  await base.resumeMultipart?.(upload as UploadInfo).abort()
  await expect(writeAll(sink, 10)).rejects.toMatchObject({ code: 'not-found', retryable: false })
  await sink.abort()
})

test('while it cannot be sent, a write is told to come later, and nothing is lost', async () => {
  let down = false
  const onCall = (): void => {
    if (down) throw new SluiceError('permission-denied', 'Not you')
  }
  const { base, sink } = world({}, {}, { onCall })
  let n = 0
  for (; n < 10; n++) await sink.write(batch(n))
  down = true
  const refused = async (): Promise<void> => {
    for (let more = 0; more < 10; more++, n++) await sink.write(batch(n))
  }
  await expect(refused()).rejects.toMatchObject({
    code: 'slow-down',
    cause: { code: 'permission-denied' },
  })
  down = false
  await sink.write(batch(n++))
  const { files } = await sink.close()
  expect(files).toHaveLength(1)
  expect(await idsIn(base, files[0]?.key ?? '')).toEqual(upTo(n * BATCH))
})

test('with another format, its next owner cuts all of it, and what its columns have no place for', async () => {
  const [before, after] = [csv() as Format, jsonl() as Format]
  const { base, given, sink: first } = world({ format: before })
  await writeAll(first, 20)
  await first.write([{ ...row(400), late: 1 }])
  const second = createSink({ ...given, format: after, earlierFormats: [before] })
  await second.write([row(401)])
  const { files } = await second.close()
  expect(files.map(({ begin, end }) => [begin, end])).toEqual([
    [0, 400],
    [400, 401],
    [401, 402],
  ])
  const ids = await Promise.all(files.map(({ key }) => idsIn(base, key)))
  expect(ids.flat()).toEqual(upTo(402))
})

test('a log that cannot give up rows keeps its files as they were', async () => {
  const { sink } = world({ log: withBegun(memoryLog(), () => undefined) })
  await writeAll(sink, 20)
  expect((await sink.close()).fileCount).toBeGreaterThan(1)
})
