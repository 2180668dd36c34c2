import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { CommittedFile, Format, Row, Schema, Store } from '../../../src/contracts/index.ts'
import { fromUtf8 } from '../../../src/core/bytes.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { fingerprint } from '../../../src/core/schemas/fingerprint.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { audit } from '../../../src/sinks/audit/audit.ts'
import { type CompactOptions, compact } from '../../../src/sinks/compact/compact.ts'
import { fileMetadata } from '../../../src/sinks/file-metadata.ts'
import { deleteRemoved } from '../../../src/sinks/manifest/delete-removed.ts'
import { readManifest } from '../../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { dyingAt } from '../dying-store.ts'
import { key, rows } from '../harness.ts'
import { file, impatientClock, keysOf, open } from '../manifest/tools.ts'

const lines = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

/** A file of the rows `begin` to `end`, in the store, as a publisher leaves it. */
async function stored(
  store: Store,
  begin: number,
  end: number,
  more: Partial<CommittedFile> = {},
): Promise<CommittedFile> {
  const text = rows(begin, end)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
  const made = file('0', begin, end, {
    key: key(begin, end, more.lane?.partition, more.lane?.schema),
    bytes: text.length,
    ...more,
  })
  const { etag } = await store.put(made.key, new TextEncoder().encode(text), {
    metadata: fileMetadata(made),
  })
  return { ...made, etag }
}

/** Files of 2 records each. */
async function published(store: Store, count: number): Promise<CommittedFile[]> {
  const files = []
  for (let i = 0; i < count; i++) files.push(await stored(store, 2 * i, 2 * i + 2))
  await (await open(store)).commit({ files })
  return files
}

function compacting(store: Store, more: Partial<CompactOptions> = {}): Promise<unknown> {
  return compact({
    store,
    stream: 's',
    format: jsonl() as Format,
    read: (bytes) => lines(fromUtf8(bytes)),
    closed: () => true,
    clock: impatientClock,
    ...more,
  })
}

/** What a reader of the manifest reads. */
async function read(store: Store): Promise<Row[]> {
  const { files } = await readManifest({ store, stream: 's' })
  const all = []
  for (const one of files) all.push(...lines((await (await store.get(one.key))?.text()) ?? '?'))
  return all
}

describe('compaction', () => {
  test('makes one file of many, by one entry, and leaves the old ones for a while', async () => {
    const clock = virtualClock()
    const store = memoryStore({ clock })
    const old = await published(store, 5)
    expect(await compacting(store)).toMatchObject({
      replaced: 5,
      conflicts: 0,
      files: [{ begin: 0, end: 10, reason: 'compact', lane: old[0]?.lane }],
    })
    const { files, removed, version } = await readManifest({ store, stream: 's' })
    expect([files.length, removed.length, version]).toEqual([1, 5, 4])
    expect(await read(store)).toEqual(rows(0, 10))
    expect((await store.head(files[0]?.key ?? ''))?.sizeBytes).toBe(files[0]?.bytes)
    const report = await audit({ store, stream: 's' })
    expect(report).toMatchObject({ ok: true, removed: 5, orphans: { count: 0 } })
    // Nothing is left to do.
    expect(await compacting(store)).toEqual({ files: [], replaced: 0, conflicts: 0 })

    await clock.advance(24 * 3_600_000 - 1)
    expect(await deleteRemoved({ store, stream: 's' })).toEqual({ deleted: 0, kept: 5, failed: [] })
    await clock.advance(1)
    expect(await deleteRemoved({ store, stream: 's' })).toEqual({ deleted: 5, kept: 0, failed: [] })
    expect(await keysOf(store, 's/0-')).toEqual([files[0]?.key])
    expect(await deleteRemoved({ store, stream: 's' })).toEqual({ deleted: 0, kept: 0, failed: [] })
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true, removed: 0 })
  })

  test('is of adjacent files of one lane and one run, closed, small, and no dead letters', async () => {
    const store = memoryStore()
    const lane = (partition: string, schema = 'auto') => ({
      stream: 's',
      partition,
      shard: '0',
      schema,
    })
    const writer = await open(store)
    const make = (begin: number, end: number, partition: string, schema?: string) =>
      stored(store, begin, end, {
        id: `${partition}${schema}${begin}`,
        lane: lane(partition, schema),
      })
    await writer.commit({
      files: [
        await make(0, 2, 'gap'),
        await make(3, 5, 'gap'),
        await make(5, 6, 'gap'),
        await make(0, 2, 'open'),
        await make(2, 4, 'open'),
        await make(0, 40, 'large'),
        await make(40, 80, 'large'),
        await make(80, 81, 'large'),
        await make(0, 2, '_rejected', 'rejected'),
        await make(2, 4, '_rejected', 'rejected'),
        await make(0, 2, 'unknown', '12345678'),
        await make(2, 4, 'unknown', '12345678'),
        await make(0, 2, 'run'),
      ],
    })
    await writer.commit({ files: [await make(2, 4, 'run')], run: 'r' })
    const done = await compacting(store, {
      closed: ({ partition }) => partition !== 'open',
      targetBytes: 500,
    })
    expect(done).toMatchObject({
      replaced: 4,
      files: [
        { lane: lane('gap'), begin: 3, end: 6 },
        { lane: lane('large'), begin: 40, end: 81 },
      ],
    })
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: false, missing: { count: 0 } })
  })

  test("keeps a run's files the run's", async () => {
    const store = memoryStore()
    const writer = await open(store)
    await writer.commit({ files: [await stored(store, 0, 2), await stored(store, 2, 4)], run: 'r' })
    await compacting(store)
    expect((await readManifest({ store, stream: 's' })).files).toMatchObject([{ run: 'r', end: 4 }])
    await (await open(store)).commit({ files: [], run: 'r' })
    expect((await readManifest({ store, stream: 's' })).files).toEqual([])
  })

  test('writes declared columns as they were declared, where it is given them', async () => {
    const schema: Schema = { fields: [{ name: 'id', type: 'double', nullable: false }] }
    const store = memoryStore()
    const lane = { stream: 's', partition: '', shard: '0', schema: await fingerprint(schema) }
    const files = [await stored(store, 0, 2, { lane }), await stored(store, 2, 4, { lane })]
    await (await open(store)).commit({ files })
    const done = (await compacting(store, { format: parquet() as Format, schemas: [schema] })) as {
      files: CommittedFile[]
    }
    const bytes = await (await store.get(done.files[0]?.key ?? ''))?.bytes()
    expect(done.files[0]?.key).toMatch(/\.parquet$/)
    // A double, not the bigint that an inferred column of whole numbers may be.
    expect(await parquetReadObjects({ file: bytes?.buffer as ArrayBuffer })).toEqual(rows(0, 4))
  })

  test.each([
    ['checksum-mismatch', { read: (): Row[] => [{ id: 1 }] }],
    ['invalid-options', { targetBytes: 0 }],
  ] as const)('refuses (%s)', async (code, more) => {
    const store = memoryStore()
    await published(store, 2)
    await expect(compacting(store, more)).rejects.toMatchObject({ code })
    expect(await read(store)).toEqual(rows(0, 4))
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true, orphans: { count: 0 } })
  })

  test('refuses a file that was changed, or is gone', async () => {
    const store = memoryStore()
    const [first, second] = await published(store, 2)
    await store.put(second?.key ?? '', new TextEncoder().encode('{}\n{}\n'))
    await expect(compacting(store)).rejects.toMatchObject({ code: 'precondition-failed' })
    await store.delete(first?.key ?? '')
    await expect(compacting(store)).rejects.toMatchObject({ code: 'not-found', key: first?.key })
  })
})

test.each(['before', 'after'] as const)(
  'a process that dies at any call, %s it took effect, leaves an orphan at most',
  async (when) => {
    for (let at = 0; ; at++) {
      const store = memoryStore()
      await published(store, 4)
      const dying = dyingAt(store, at, when)
      const died = await compacting(dying).then(
        () => false,
        () => true,
      )
      expect(await read(store)).toEqual(rows(0, 8))
      const report = await audit({ store, stream: 's' })
      expect(report).toMatchObject({ ok: true })
      expect(report.orphans.count).toBeLessThanOrEqual(1)
      // The next one goes on.
      await compacting(store)
      expect((await readManifest({ store, stream: 's' })).files).toHaveLength(1)
      expect(await read(store)).toEqual(rows(0, 8))
      if (died) continue
      expect(at).toBeGreaterThan(10)
      return
    }
  },
)

test('of two that compact at once, one or both do it, and what is not used is removed', async () => {
  for (let lead = 0; lead < 12; lead++) {
    const store = memoryStore()
    await published(store, 4)
    // One begins when the other has made so many calls.
    let calls = 0
    let other: Promise<unknown> | undefined
    const between = async <T>(call: () => Promise<T>): Promise<T> => {
      if (calls++ === lead) other = compacting(store)
      await other
      return call()
    }
    const slow: Store = {
      ...store,
      put: (...args) => between(() => store.put(...args)),
      get: (...args) => between(() => store.get(...args)),
    }
    const one = await compacting(slow).catch((error: unknown) => error)
    if (one instanceof Error) expect(one).toMatchObject({ code: 'fenced' })
    expect(await read(store)).toEqual(rows(0, 8))
    const report = await audit({ store, stream: 's' })
    expect(report).toMatchObject({ ok: true, orphans: { count: 0 } })
    expect((await readManifest({ store, stream: 's' })).files).toHaveLength(1)
  }
})

test.each(['network', 'conflict'] as const)(
  'what may have been published is not taken away (%s)',
  async (code) => {
    const store = memoryStore()
    await published(store, 2)
    let lost = ''
    const losing: Store = {
      ...store,
      put: async (...args) => {
        const result = await store.put(...args)
        // The entry that names the new file: the one before it is compaction's fence.
        if (
          !args[0].includes('_log/') ||
          (await readManifest({ store, stream: 's' })).version < 4
        ) {
          return result
        }
        lost = args[0]
        throw new SluiceError(code, 'no answer')
      },
      get: async (...args) => {
        if (args[0] === lost) throw new SluiceError(code, 'no answer')
        return store.get(...args)
      },
    }
    await expect(compacting(losing)).rejects.toMatchObject({ code, retryable: true })
    expect((await readManifest({ store, stream: 's' })).files).toHaveLength(1)
    expect(await read(store)).toEqual(rows(0, 4))
  },
)

test('files that somebody else removed meanwhile are a conflict, and stay removed', async () => {
  const store = memoryStore()
  const [first] = await published(store, 2)
  const writer = await open(store)
  const racing: Store = {
    ...store,
    put: async (...args) => {
      if (args[0].endsWith('.jsonl')) await writer.commit({ files: [], remove: [first?.key ?? ''] })
      return store.put(...args)
    },
  }
  expect(await compacting(racing)).toEqual({ files: [], replaced: 0, conflicts: 1 })
  expect(await read(store)).toEqual(rows(2, 4))
  expect(await audit({ store, stream: 's' })).toMatchObject({ orphans: { count: 0 }, removed: 1 })
})

test('what cannot be deleted is tried again, and a file that is named is never deleted', async () => {
  const store = memoryStore()
  const [first, second] = await published(store, 2)
  await (await open(store)).commit({ files: [], remove: [first?.key ?? '', second?.key ?? ''] })
  const refusing: Store = {
    ...store,
    delete: async (keys) => {
      const all = [...(typeof keys === 'string' ? [keys] : keys)]
      await store.delete(all.slice(1))
      const error = new SluiceError('permission-denied', 'no')
      return { deleted: all.length - 1, failed: [{ key: all[0] ?? '', error }] }
    },
  }
  expect(await deleteRemoved({ store: refusing, stream: 's', graceMs: 0 })).toMatchObject({
    deleted: 1,
    failed: [{ key: first?.key }],
  })
  expect(await deleteRemoved({ store, stream: 's', graceMs: 0 })).toMatchObject({ deleted: 1 })
  await expect(deleteRemoved({ store, stream: 's', graceMs: -1 })).rejects.toMatchObject({
    code: 'invalid-options',
  })
})
