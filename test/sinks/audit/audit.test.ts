import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LanePosition, Row, Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { audit } from '../../../src/sinks/audit/audit.ts'
import { LaneTally } from '../../../src/sinks/audit/lane-tally.ts'
import type { SinkOptions } from '../../../src/sinks/create-sink.ts'
import { fileMetadata } from '../../../src/sinks/file-metadata.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { bench, key, rows } from '../harness.ts'
import { file, keysOf, open } from '../manifest/tools.ts'

const none = { count: 0, keys: [] }
const lane = { stream: 's', partition: '', shard: '0', schema: 'auto' }

/** 30 records in three files. */
async function filled(options: Partial<SinkOptions> = {}): Promise<Store> {
  const { store, sink } = bench({ rotate: { records: 10 }, ...options })
  await sink.write(rows(0, 30))
  await sink.close()
  return store
}

describe('from a listing alone', () => {
  test('finds every record of every lane, dead letters included', async () => {
    const { store, sink } = bench({ rotate: { records: 10 }, partition: ['p'] })
    await sink.write([...rows(0, 25).map((row) => ({ ...row, p: 'a' })), { p: 'b/c' }])
    await sink.write([1 as unknown as Row])
    await sink.close()
    const report = await audit({ store, stream: 's' })
    expect(report).toMatchObject({ ok: true, manifest: undefined, foreign: none, uploads: none })
    expect(
      report.lanes.map(({ lane, files, records }) => [lane.partition, lane.schema, files, records]),
    ).toEqual([
      ['_rejected', 'rejected', 1, 1],
      ['p=a', 'auto', 3, 25],
      ['p=b%2Fc', 'auto', 1, 1],
    ])
  })

  test('finds gaps, overlaps, foreign objects and open uploads', async () => {
    const store = await filled()
    await store.delete(key(10, 20))
    await store.put(key(25, 27), utf8('{}\n'))
    await store.put('s/read.me', utf8('?'))
    await store.put('s/0-auto-5-4.jsonl', utf8('?'))
    await store.createMultipart?.(key(30, 40))
    await store.put('other/file', utf8('of another stream'))
    expect(await audit({ store, stream: 's' })).toEqual({
      ok: false,
      manifest: undefined,
      lanes: [{ lane, files: 3, records: 22, gaps: [[10, 20]], overlaps: [[25, 27]] }],
      missing: none,
      orphans: none,
      endless: none,
      removed: 0,
      foreign: { count: 2, keys: ['s/0-auto-5-4.jsonl', 's/read.me'] },
      uploads: { count: 1, keys: [key(30, 40)] },
    })
  })

  test('names files that do not say where they end, and takes them to reach up to the next', async () => {
    const store = memoryStore()
    const name = 's/{uuid}.{ext}'
    const put = (id: string, begin: number, end?: number) =>
      store.put(`s/${id}.csv`, utf8('id\n'), {
        metadata: fileMetadata({ id, lane, begin, ...(end !== undefined && { end }) }),
      })
    await put('begun', 0)
    await put('whole', 20, 30)
    await put('last', 30)
    const endless = { count: 2, keys: ['s/begun.csv', 's/last.csv'] }
    const report = { ok: true, foreign: none, endless }
    expect(await audit({ store, stream: 's', name })).toMatchObject({
      ...report,
      lanes: [{ files: 3, records: 31, gaps: [], overlaps: [] }],
    })
    const positions = [{ lane, committed: 45, end: 50 }]
    expect(await audit({ store, stream: 's', name, positions })).toMatchObject({
      ...report,
      lanes: [{ files: 3, records: 45, gaps: [], overlaps: [] }],
    })
    // What begins before, or where another begins, or is elsewhere too, is seen all the same.
    await put('again', 30)
    await put('within', 25)
    await store.delete('s/begun.csv')
    expect(await audit({ store, stream: 's', name, positions })).toMatchObject({
      ok: false,
      lanes: [
        {
          gaps: [
            [0, 20],
            [31, 45],
          ],
          overlaps: [
            [25, 26],
            [30, 31],
          ],
        },
      ],
    })
  })

  test('a manifest knows where they end, and which are its own', async () => {
    const name = 's/{uuid}.{ext}'
    const multipart = { minPartBytes: 1024, maxPartBytes: 1024 }
    const { store, sink } = bench({
      ...{ store: memoryStore({ capabilities: { multipart } }), name, manifest: true },
      memoryBytes: 16 * 1024,
    })
    for (let n = 0; n < 40; n++) await sink.write(rows(n * 20, n * 20 + 20))
    const { files } = await sink.close()
    const begun = await store.head(files[0]?.key ?? '')
    expect(Object.keys(begun?.metadata ?? {})).not.toContain('sluice-end')
    const whole = await audit({ store, stream: 's', name })
    expect(whole).toMatchObject({ ok: true, endless: none, foreign: none, orphans: none })
    expect(whole.lanes).toMatchObject([{ files: 1, records: 800 }])
    await store.put('s/unnamed.jsonl', utf8('{}\n'), {
      metadata: fileMetadata({ id: 'unnamed', lane, begin: 800 }),
    })
    expect(await audit({ store, stream: 's', name })).toMatchObject({
      ...{ ok: true, endless: none, foreign: none },
      orphans: { count: 1, keys: ['s/unnamed.jsonl'] },
    })
  })

  test("is told by the log's positions what is missing at a lane's end, and whole lanes", async () => {
    const log = memoryLog()
    const store = await filled({ log })
    const positions = async (): Promise<LanePosition[]> => {
      const session = await log.open('audit')
      const all = []
      for await (const position of session.positions()) all.push(position)
      await session.close()
      return all
    }
    expect(await audit({ store, stream: 's', positions: await positions() })).toMatchObject({
      ok: true,
    })
    await store.delete(key(20, 30))
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true })
    expect(await audit({ store, stream: 's', positions: await positions() })).toMatchObject({
      ok: false,
      lanes: [{ gaps: [[20, 30]] }],
    })
    expect(
      await audit({ store: memoryStore(), stream: 's', positions: await positions() }),
    ).toMatchObject({ ok: false, lanes: [{ lane, files: 0, gaps: [[0, 30]] }] })
    // What the log still holds is not missing.
    const open = [{ lane, committed: 20, end: 30 }]
    expect(await audit({ store, stream: 's', positions: open })).toMatchObject({ ok: true })
  })

  test.each([
    ['data.v1/{date}/{shard}-{schema}-{begin}-{end}-{partition}.{ext}', 0],
    ['{stream}/{hour}/{partition}/{shard}/{schema}/{shard}-{begin:9}-{end:9}.{ext}', 0],
    // These do not say it, and their objects are asked.
    ['{stream}/{uuid}.{ext}', 3],
    ['x/{partition}/{shard}-{schema}-{offset:19}.{ext}', 3],
  ])('reads the names of %s, and asks %i objects', async (name, asked) => {
    const store = await filled({ name })
    const [first = ''] = await keysOf(store, '')
    const heads = headsOf(store)
    expect(await audit({ store: heads.store, stream: 's', name })).toMatchObject({
      ok: true,
      lanes: [{ lane, files: 3, records: 30 }],
    })
    expect(heads.count).toBe(asked)
    const isLast = (await store.head(first))?.metadata?.['sluice-end'] === '30'
    await store.delete(first)
    expect(await audit({ store, stream: 's', name })).toMatchObject({
      ok: isLast,
      lanes: [{ files: 2, records: 20 }],
    })
  })

  test.each(['{stream}/{date}/{partition}/{shard}-{schema}-{begin:19}-{end:19}.{ext}'])(
    'reads %s as its own, though it has the form of the usual one',
    async (name) => {
      const { store, sink, clock } = bench({ name })
      for (const from of [0, 5]) {
        await sink.write([...rows(from, from + 5), 1 as unknown as Row])
        await sink.flush()
        await clock.advance(86_400_000)
      }
      expect(await audit({ store, stream: 's', name })).toMatchObject({
        ok: true,
        lanes: [{ lane, files: 2 }, { lane: { schema: 'rejected' } }],
      })
    },
  )

  test('asks each file where its name has the form of the usual one, and says less', async () => {
    const name = '{stream}/{shard}-{schema}-{begin:19}-{end:19}-{uuid}.{ext}'
    const { store, sink } = bench({ name, partition: ['p'] })
    const files: string[] = []
    for (const p of ['x', 'y']) {
      for (const from of [0, 5]) {
        await sink.write(rows(from, from + 5).map((row) => ({ ...row, p })))
        files.push(...(await sink.flush()).map(({ key }) => key))
      }
    }
    expect(await audit({ store, stream: 's', name })).toMatchObject({ ok: true })
    // Together they would be one lane without a gap.
    const { 1: second, 2: third } = files
    await store.delete([second as string, third as string])
    expect(await audit({ store, stream: 's', name })).toMatchObject({ ok: false })
  })

  test('counts letters that were moved aside, and those that are being moved, in their lane', async () => {
    const store = memoryStore()
    const name = (partition: string, begin: string, end: string): string =>
      `s/${partition}/0-rejected-${begin.padStart(19, '0')}-${end.padStart(19, '0')}.jsonl`
    for (const one of [
      name('_rejected', '4', '9'),
      name('_rejected', '2', '4'),
      name('_replayed', '0', '2'),
      name('_replayed', '2', '4'),
    ]) {
      await store.put(one, utf8(''))
    }
    const letters = { ...lane, partition: '_rejected', schema: 'rejected' }
    expect((await audit({ store, stream: 's' })).lanes).toEqual([
      { lane: letters, files: 3, records: 9, gaps: [], overlaps: [] },
    ])
  })

  test('names a thousand keys, and counts the rest', async () => {
    const store = memoryStore()
    for (let i = 0; i < 1010; i++) await store.put(`s/${i}`, utf8(''))
    const { foreign } = await audit({ store, stream: 's' })
    expect([foreign.count, foreign.keys.length]).toEqual([1010, 1000])
  })

  test('asks a few objects at a time, and takes none of another stream', async () => {
    const store = memoryStore()
    const metadata = fileMetadata(file('0', 0, 5, { lane: { ...lane, stream: 'other' } }))
    for (let i = 0; i < 30; i++) await store.put(`s/${i}`, utf8(''), { metadata })
    const heads = headsOf(store)
    expect(await audit({ store: heads.store, stream: 's' })).toMatchObject({
      lanes: [],
      foreign: { count: 30 },
    })
    expect(heads.most).toBe(8)
  })

  test('passes over the files of other streams where names begin with no stream', async () => {
    const store = memoryStore()
    const name = '{date}/{uuid}.{ext}'
    for (const stream of ['s', 't']) await filled({ store, stream, name })
    await store.put('2026-01-01/read.me', utf8('?'))
    expect(await audit({ store, stream: 's', name })).toMatchObject({
      ok: true,
      lanes: [{ lane, files: 3 }],
      foreign: { count: 1, keys: ['2026-01-01/read.me'] },
    })
  })

  test('does not ask a store for uploads that it cannot list', async () => {
    const store = memoryStore({ capabilities: { listUploads: false } })
    expect((await audit({ store, stream: 's' })).uploads).toBeUndefined()
  })

  test.each([{ stream: '' }, { stream: 'a/b' }, { name: '{nothing}' }])(
    'refuses %j',
    async (wrong) => {
      const call = audit({ store: memoryStore(), stream: 's', ...wrong })
      await expect(call).rejects.toMatchObject({ code: 'invalid-options' })
    },
  )
})

describe('by the manifest', () => {
  const a = (begin: number, end: number) =>
    file('0', begin, end, { key: key(begin, end), bytes: 1 })

  async function published(): Promise<Store> {
    const store = memoryStore()
    const writer = await open(store)
    for (const one of [a(0, 5), a(5, 7), a(7, 9)]) {
      await store.put(one.key, utf8('x'))
      await writer.commit({ files: [one] })
    }
    return store
  }

  test('counts what is named, and tells what is not', async () => {
    const store = await published()
    await (await open(store)).commit({ files: [], remove: [key(0, 5)] })
    await store.put(key(9, 12), utf8('not published'))
    await store.put('s/read.me', utf8('?'))
    expect(await audit({ store, stream: 's' })).toEqual({
      ok: true,
      manifest: 6,
      lanes: [{ lane, files: 2, records: 4, gaps: [], overlaps: [] }],
      missing: none,
      orphans: { count: 1, keys: [key(9, 12)] },
      endless: none,
      removed: 1,
      foreign: { count: 1, keys: ['s/read.me'] },
      uploads: none,
    })
  })

  test('counts dead letters by the listing, moved or not', async () => {
    const store = await published()
    const name = (partition: string, begin: number): string =>
      key(begin, begin + 2, partition, 'rejected')
    await store.put(name('_rejected', 2), utf8('two letters'))
    await store.put(name('_replayed', 0), utf8('two letters'))
    await store.put(name('_replayed', 2), utf8('two letters'))
    const letters = { ...lane, partition: '_rejected', schema: 'rejected' }
    const report = await audit({ store, stream: 's' })
    expect(report).toMatchObject({ ok: true, orphans: none, foreign: none })
    expect(report.lanes).toContainEqual({
      lane: letters,
      files: 2,
      records: 4,
      gaps: [],
      overlaps: [],
    })
    await store.delete(name('_replayed', 0))
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: false })
  })

  test('misses what is named and not there, or of another size', async () => {
    const store = await published()
    await store.delete(key(5, 7))
    await store.put(key(7, 9), utf8('xx'))
    expect(await audit({ store, stream: 's' })).toMatchObject({
      ok: false,
      lanes: [{ gaps: [], files: 3 }],
      missing: { count: 2, keys: [key(5, 7), key(7, 9)] },
    })
  })

  test('sees what was never published', async () => {
    const store = await published()
    await (await open(store)).commit({ files: [a(20, 30)] })
    await store.put(key(20, 30), utf8('x'))
    const positions = [{ lane, committed: 31, end: 40 }]
    expect(await audit({ store, stream: 's', positions })).toMatchObject({
      ok: false,
      lanes: [
        {
          gaps: [
            [9, 20],
            [30, 31],
          ],
        },
      ],
    })
  })

  test('tells only what is still so when the listing has ended', async () => {
    const store = await published()
    const writer = await open(store)
    const during: Store = {
      ...store,
      async *list(options) {
        yield* store.list(options)
        if (options?.prefix !== 's/') return
        await writer.commit({ files: [a(9, 12)], remove: [] })
        await writer.commit({ files: [], remove: [key(5, 7)] })
        await store.delete(key(5, 7))
        await writer.commit({ files: [], remove: [key(7, 9)] })
      },
    }
    await store.put(key(9, 12), utf8('x'))
    await store.delete(key(5, 7))
    await store.put(key(7, 9), utf8('of another size'))
    expect(await audit({ store: during, stream: 's' })).toMatchObject({
      ok: true,
      missing: none,
      orphans: none,
    })
  })
})

test('gaps and overlaps are those of the files, in whatever order they come', () => {
  const files = fc.array(
    fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 8 })).map(([at, n]) => [at, at + n] as const),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(files, (all) => {
      const tally = new LaneTally()
      const counts = new Array<number>(40).fill(0)
      for (const [begin, end] of all) {
        tally.add({ lane, begin, end })
        for (let i = begin; i < end; i++) counts[i] = (counts[i] ?? 0) + 1
      }
      const last = counts.findLastIndex((count) => count > 0)
      const positions = (is: (count: number) => boolean) =>
        counts.flatMap((count, i) => (i <= last && is(count) ? [i] : []))
      const within = (intervals: readonly (readonly [number, number])[]) =>
        intervals.flatMap(([begin, end]) =>
          Array.from({ length: end - begin }, (_, i) => begin + i),
        )
      const [one] = tally.lanes()
      expect(within(one?.gaps ?? [])).toEqual(positions((count) => count === 0))
      expect(within(one?.overlaps ?? [])).toEqual(positions((count) => count > 1))
    }),
  )
})

/** How often the store is asked for metadata, and how often at once. */
function headsOf(store: Store): { store: Store; count: number; most: number } {
  let atOnce = 0
  const heads = {
    count: 0,
    most: 0,
    store: {
      ...store,
      head: async (...args: Parameters<Store['head']>) => {
        heads.count++
        heads.most = Math.max(heads.most, ++atOnce)
        await Promise.resolve()
        return store.head(...args).finally(() => atOnce--)
      },
    },
  }
  return heads
}
