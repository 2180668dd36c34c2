import { describe, expect, test } from 'vitest'
import type {
  Format,
  Log,
  Row,
  SinkEvent,
  Store,
  UploadInfo,
  UploadProgress,
} from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { csv } from '../../src/formats/csv.ts'
import { gzip } from '../../src/formats/gzip.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { msglc } from '../../src/formats/msglc/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink, type FileSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { MemoryCapabilities } from '../../src/stores/memory-capabilities.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { encode } from '../formats/readers.ts'
import { Process, type ProcessOptions } from './process.ts'

const PART = 64
const ROWS: readonly Row[] = Array.from({ length: 24 }, (_, id) => ({ id, text: `row ${id}` }))

/** A bucket whose parts are small, and a log that outlives the sinks on it. */
function world(capabilities: MemoryCapabilities = {}, format: Format = jsonl() as Format) {
  const multipart = { minPartBytes: PART, maxPartBytes: PART, equalParts: true }
  const base = memoryStore({ capabilities: { multipart, ...capabilities } })
  const log: Log = memoryLog()
  const events: SinkEvent[] = []
  const clock = virtualClock()
  const start = (options: ProcessOptions = {}, changed: Partial<SinkOptions> = {}) => {
    const process = new Process(options)
    const sink = createSink({
      store: process.store(base),
      log: process.log(log),
      format,
      stream: 's',
      probe: false,
      clock,
      onEvent: (event) => void events.push(event),
      ...changed,
    })
    return { process, sink }
  }
  return { base, log, events, clock, start }
}

const uploads = (base: Store): Promise<UploadInfo[]> =>
  Array.fromAsync(base.listMultipart?.('') ?? [])

async function onlyFile(base: Store): Promise<Uint8Array> {
  const keys = []
  for await (const entry of base.list()) if (entry.kind === 'object') keys.push(entry.key)
  expect(keys).toHaveLength(1)
  return new Uint8Array((await (await base.get(keys[0] ?? ''))?.bytes()) as Uint8Array)
}

const fileOf = async (format: Format): Promise<Uint8Array> =>
  new Uint8Array(await encode(format, ROWS))

async function writeAll(sink: FileSink): Promise<void> {
  await sink.write([...ROWS])
  await sink.close()
}

/** Whether the process came to its end before it was killed. */
function ended(process: Process, work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), process.killed.then(() => false)])
}

describe.each<[string, Format, MemoryCapabilities]>([
  ['.jsonl', jsonl() as Format, {}],
  ['.csv', csv() as Format, {}],
  ['.parquet', parquet({ rowGroupRows: 6 }) as Format, {}],
  ['.jsonl.gz', gzip(jsonl()) as Format, {}],
  // Its head is known last, so part 1 is sent last.
  ['.msglc', msglc() as Format, {}],
  ['.jsonl where completions take no condition', jsonl() as Format, { conditionalComplete: false }],
  [
    '.jsonl where nothing takes one',
    jsonl() as Format,
    { conditionalPut: false, conditionalComplete: false },
  ],
  ['.jsonl where nothing can be listed', jsonl() as Format, { listUploads: false }],
])('a process that dies while it writes %s', (_, format, capabilities) => {
  test.each([false, true])(
    'leaves one whole file, wherever it dies (after the effect: %s)',
    async (after) => {
      const expected = await fileOf(format)
      let resumed = 0
      // The first calls open the log and append.
      for (let killAt = 3; ; killAt++) {
        const { base, start } = world(capabilities, format)
        const first = start({ killAt, after })
        const over = await ended(first.process, writeAll(first.sink))
        const second = start()
        await second.sink.open()
        await second.sink.close()
        expect(await onlyFile(base)).toEqual(expected)
        const { kept, calls } = first.process
        if (kept?.checkpoint && !over) {
          resumed++
          // What the log knew of has not been sent again.
          const again = second.process.calls.filter((call) => call.startsWith('putPart'))
          expect(again.some((call) => Number(call.slice(8)) <= kept.parts.length)).toBe(false)
          expect(second.process.count('create')).toBe(0)
        }
        // Only one that the log never heard of is left.
        const unheardOf = calls.at(-1) === 'create' || (calls.at(-1) === 'progress' && !kept)
        expect((await uploads(base)).length).toBeLessThanOrEqual(unheardOf ? 1 : 0)
        if (!over) continue
        const parts = calls.filter((call) => call.startsWith('putPart'))
        expect(parts.length).toBeGreaterThan(1)
        if (format.encoder().headBytes > 0) expect(parts.at(-1)).toBe('putPart 1')
        break
      }
      expect(resumed > 0).toBe(format.encoder().checkpoint !== undefined)
    },
  )
})

/** A process that was killed with parts in the log, and what the log says then. */
async function killed(of: ReturnType<typeof world>): Promise<UploadProgress> {
  const { process, sink } = of.start({ killAt: 16, after: true })
  expect(await ended(process, writeAll(sink))).toBe(false)
  expect(process.kept?.parts.length).toBeGreaterThan(1)
  expect(process.kept?.checkpoint).toBeDefined()
  return process.kept as UploadProgress
}

/** What an earlier process, or nobody, has written into the log. */
async function tamper(log: Log, change: (upload: UploadProgress) => UploadProgress): Promise<void> {
  const session = await log.open('test')
  const [file] = session.state.sealed
  if (!file?.upload) throw new Error('there is no upload')
  await session.progress(file.id, change(file.upload))
  await session.close()
}

async function resume(
  of: ReturnType<typeof world>,
  options: ProcessOptions = {},
  changed: Partial<SinkOptions> = {},
): Promise<Process> {
  const { process, sink } = of.start(options, changed)
  await sink.open()
  await sink.close()
  expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  return process
}

test('a state that is too long for the log is not kept, and the last one before it serves', async () => {
  const format: Format = {
    ...(jsonl() as Format),
    encoder(options) {
      const encoder = jsonl().encoder(options)
      const checkpoint = () => {
        const place = encoder.checkpoint?.()
        return place && { ...place, state: place.state.padEnd(place.rows > 6 ? 600_000 : 0) }
      }
      return { ...encoder, checkpoint }
    },
  }
  const of = world({}, format)
  const first = of.start({ killAt: 16, after: true })
  expect(await ended(first.process, writeAll(first.sink))).toBe(false)
  const { kept } = first.process
  expect(kept?.checkpoint?.rows).toBe(6)
  const process = await resume(of)
  expect(process.count('create')).toBe(0)
  expect(process.calls).not.toContain(`putPart ${kept?.parts.length}`)
})

describe('an upload that cannot be gone on with is ended, and another one begun', () => {
  test('that has expired', async () => {
    const of = world()
    const { token } = await killed(of)
    await of.base.resumeMultipart?.(token).abort()
    expect((await resume(of)).count('create')).toBe(1)
    expect(await uploads(of.base)).toEqual([])
  })

  test('whose last parts the log does not know were of another upload', async () => {
    const of = world()
    const { token } = await killed(of)
    const foreign = await of.base.createMultipart?.(token.key)
    await tamper(of.log, (upload) => ({
      ...upload,
      token: { ...token, uploadId: foreign?.uploadId ?? '' },
    }))
    expect((await resume(of)).count('create')).toBe(1)
    // Its own one is the only one that nobody could know of any more.
    expect((await uploads(of.base)).map(({ uploadId }) => uploadId)).toEqual([token.uploadId])
  })

  test.each<[string, (upload: UploadProgress) => UploadProgress]>([
    ['of another key', (upload) => ({ ...upload, token: { ...upload.token, key: 's/other' } })],
    ['with a hole', (upload) => ({ ...upload, parts: upload.parts.slice(1) })],
    [
      'of other parts',
      (upload) => ({
        ...upload,
        partBytes: upload.partBytes,
        parts: upload.parts.map((part) => ({ ...part, sizeBytes: part.sizeBytes - 1 })),
      }),
    ],
    ['without a place to go on from', (upload) => ({ ...upload, checkpoint: undefined })],
    [
      'of an encoder of another version',
      (upload) => ({ ...upload, checkpoint: { rows: 4, bytes: 1, state: '{}' } }),
    ],
    [
      'whose encoder was ahead of it',
      (upload) => ({
        ...upload,
        parts: upload.parts.slice(0, 1),
        checkpoint: upload.checkpoint && { ...upload.checkpoint, bytes: PART + 1 },
      }),
    ],
  ])('%s', async (name, change) => {
    const of = world()
    await killed(of)
    await tamper(of.log, change)
    expect((await resume(of)).count('create')).toBe(1)
    expect(await uploads(of.base)).toHaveLength(name === 'of another key' ? 1 : 0)
  })

  test.each([
    ['as it was cut, where parts may be larger by now', PART, 0],
    ['not, where they must be', 2 * PART, 1],
  ])('is gone on with %s', async (_, minPartBytes, creates) => {
    const of = world({ multipart: { minPartBytes: PART } })
    const limited = (store: Store, least: number, most: number): Store => ({
      ...store,
      capabilities: {
        ...store.capabilities,
        multipart: { minPartBytes: least, maxPartBytes: most, maxParts: 1000, equalParts: true },
      },
    })
    const first = new Process({ killAt: 16, after: true })
    const { sink } = of.start(
      {},
      { store: limited(first.store(of.base), PART, PART), log: first.log(of.log) },
    )
    expect(await ended(first, writeAll(sink))).toBe(false)
    const second = new Process()
    const store = limited(second.store(of.base), minPartBytes, 2 * PART)
    await resume(of, {}, { store, log: second.log(of.log) })
    expect(second.count('create')).toBe(creates)
    expect(await uploads(of.base)).toEqual([])
  })

  test('and where it cannot be aborted, the sink says which one is left', async () => {
    const of = world()
    const { token } = await killed(of)
    await tamper(of.log, (upload) => ({ ...upload, checkpoint: undefined }))
    await resume(of, {
      onCall(name) {
        if (name === 'abort') throw new SluiceError('permission-denied', 'no')
      },
    })
    const { key, uploadId } = token
    expect(of.events).toContainEqual({ type: 'upload-left', key, uploadId })
    expect(await uploads(of.base)).toHaveLength(1)
  })

  test('but not before the store can say whether it was aborted', async () => {
    const of = world()
    await killed(of)
    await tamper(of.log, (upload) => ({ ...upload, checkpoint: undefined }))
    let down = true
    const { sink } = of.start({
      onCall(name) {
        if (down && name === 'abort') throw new SluiceError('unavailable', 'down')
      },
    })
    await expect(sink.flush()).rejects.toMatchObject({ code: 'unavailable' })
    down = false
    await sink.close()
    expect(await uploads(of.base)).toEqual([])
    expect(of.events.some(({ type }) => type === 'upload-left')).toBe(false)
  })
})

describe('an upload that somebody goes on with is not aborted', () => {
  test('by the owner that was fenced while it sent a part', async () => {
    const of = world()
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: holds, resolve: holding } = Promise.withResolvers<void>()
    let sent = 0
    const first = of.start({
      async onCall(name) {
        if (name.startsWith('putPart') && ++sent > 6) {
          holding()
          await held
        }
      },
    })
    const work = writeAll(first.sink)
    work.catch(() => {})
    await holds
    const second = of.start()
    await second.sink.open()
    letGo()
    await expect(work).rejects.toMatchObject({ code: 'fenced' })
    await second.sink.close()
    expect(first.process.count('abort')).toBe(0)
    expect(second.process.count('create')).toBe(0)
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test('by the owner that was fenced, also when it could not go on with it', async () => {
    const of = world()
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: holds, resolve: holding } = Promise.withResolvers<void>()
    const first = of.start({
      async onCall(name) {
        if (name !== 'complete') return
        holding()
        await held
        throw new SluiceError('conflict', '409')
      },
    })
    const work = writeAll(first.sink)
    work.catch(() => {})
    await holds
    const second = of.start()
    await second.sink.open()
    letGo()
    await expect(work).rejects.toMatchObject({ code: 'fenced' })
    expect(first.process.count('abort')).toBe(0)
    await second.sink.close()
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test('by the owner that was fenced when the log was to know it, and did', async () => {
    const of = world()
    let told = false
    const { process, sink } = of.start({
      onAnswer(name) {
        if (name !== 'progress' || told) return
        told = true
        throw new SluiceError('fenced', 'another owner has opened the log')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'fenced' })
    expect([process.count('create'), process.count('abort')]).toEqual([1, 0])
    const { key, uploadId } = process.kept?.token ?? {}
    expect(of.events).toContainEqual({ type: 'upload-left', key, uploadId })
    await resume(of)
    expect(await uploads(of.base)).toEqual([])
  })

  test('by a sink that is aborted, whose log outlives it', async () => {
    const of = world()
    const { process, sink } = of.start({
      onCall(name) {
        if (name === 'complete') throw new SluiceError('unavailable', 'down')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'unavailable' })
    await sink.abort()
    expect(process.count('abort')).toBe(0)
    expect((await resume(of)).count('putPart')).toBe(0)
  })
})

test('a sink whose log ends with it leaves no upload open', async () => {
  const { base, start } = world()
  const { sink } = start(
    {
      onCall(name) {
        if (name === 'complete') throw new SluiceError('unavailable', 'down')
      },
    },
    { log: memoryLog() },
  )
  await expect(writeAll(sink)).rejects.toMatchObject({ code: 'unavailable' })
  expect(await uploads(base)).toHaveLength(1)
  await sink.abort()
  expect(await uploads(base)).toEqual([])
})

describe('the same process', () => {
  test('ends an upload that the log could not be told of', async () => {
    const of = world()
    let failures = 0
    const { process, sink } = of.start({
      onCall(name) {
        if (name === 'progress' && failures++ === 0) throw new SluiceError('unavailable', 'full')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'unavailable' })
    await sink.close()
    expect([process.count('create'), process.count('abort')]).toEqual([2, 1])
    expect(await uploads(of.base)).toEqual([])
    expect(of.events.some(({ type }) => type === 'upload-left')).toBe(false)
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test('goes on after a failure, and sends nothing again', async () => {
    const of = world()
    let failures = 0
    const { process, sink } = of.start({
      onCall(name) {
        if (name === 'putPart 9' && failures++ === 0) throw new SluiceError('network', 'cut')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'network' })
    expect(of.events.find(({ type }) => type === 'failed')).toMatchObject({ attempts: 1 })
    const arrived = process.kept?.parts.length ?? 0
    expect(arrived).toBeGreaterThan(1)
    await sink.close()
    expect(process.count('create')).toBe(1)
    for (let part = 1; part <= arrived; part++) {
      expect(process.calls.filter((call) => call === `putPart ${part}`)).toHaveLength(1)
    }
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test('begins a new upload after a conflict at the completion, which is no sign of another writer', async () => {
    const of = world()
    let failures = 0
    const { process, sink } = of.start({
      onCall(name) {
        if (name === 'complete' && failures++ === 0) throw new SluiceError('conflict', '409')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'conflict' })
    await sink.close()
    expect(process.count('create')).toBe(2)
    expect(await uploads(of.base)).toEqual([])
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test.each([
    ['complete', 1],
    ['put', 1000],
  ])('knows its own object by its id when the answer to %s was lost', async (verb, factor) => {
    const bytes = PART * factor
    const of = world({ multipart: { minPartBytes: bytes, maxPartBytes: bytes, equalParts: true } })
    let failures = 0
    const { process, sink } = of.start({
      onAnswer(name) {
        if (name === verb && failures++ === 0) throw new SluiceError('network', 'lost')
      },
    })
    await expect(writeAll(sink)).rejects.toMatchObject({ code: 'network' })
    await sink.close()
    expect(process.count(verb)).toBe(2)
    expect(await onlyFile(of.base)).toEqual(await fileOf(jsonl() as Format))
  })

  test("stops at another writer's object, and leaves it and no upload", async () => {
    const of = world()
    const { sink } = of.start()
    await sink.write([...ROWS])
    const name = `s/0-auto-${'0'.repeat(19)}-${String(ROWS.length).padStart(19, '0')}.jsonl`
    await of.base.put(name, new Uint8Array(3))
    await expect(sink.flush()).rejects.toMatchObject({ code: 'fenced', key: name })
    expect(await onlyFile(of.base)).toHaveLength(3)
    expect(await uploads(of.base)).toEqual([])
  })
})
