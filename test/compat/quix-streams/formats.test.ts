import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openDuckDb } from '../../../scripts/start/readers.ts'
import {
  type BatchFormat,
  fileSink,
  jsonFormat,
  type ParquetCompression,
  parquetFormat,
  type SinkRecord,
} from '../../../src/compat/quix-streams/index.ts'
import { SinkBatch } from '../../../src/compat/quix-streams/sink-batch.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { addAll, message, PARTITION } from './on-stores.ts'

/** The bytes of the one file that these messages become. */
async function fileOf(format: BatchFormat, records: readonly SinkRecord[]): Promise<Uint8Array> {
  const store = memoryStore()
  const sink = fileSink({ destination: store, format })
  for (const record of records) sink.add(record)
  const [file] = await sink.flush()
  return (await (await store.get(file?.key ?? ''))?.bytes()) ?? new Uint8Array()
}

/** What is written as digits stands as a text of them. */
const KEYS: readonly [unknown, unknown][] = [
  [undefined, null],
  ['text', 'text'],
  [7, 7],
  [-0, '-0'],
  [2n ** 60n, '1152921504606846976'],
  [new TextEncoder().encode('größe'), 'größe'],
  [new Uint8Array([0xff, 0x00]), { base64: '/wA=' }],
  [{ id: 1 }, { id: 1 }],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
]

test.each(KEYS)('the key %o is written as %o', async (key, written) => {
  const bytes = await fileOf(jsonFormat(), [{ ...message(0), key }])
  const text = new TextDecoder().decode(bytes)
  const expected =
    typeof written === 'string' && /^-?\d+$/.test(written) ? written : JSON.stringify(written)
  expect(text).toBe(`{"_timestamp":1000,"_key":${expected},"_value":{"n":0}}\n`)
})

test('the extension, gzip, and lines of one’s own', async () => {
  expect(jsonFormat().fileExtension).toBe('.jsonl')
  expect(jsonFormat({ compress: true }).fileExtension).toBe('.jsonl.gz')
  const format = jsonFormat({
    fileExtension: '.ndjson',
    compress: true,
    dumps: ({ _value }) => `[${JSON.stringify(_value)}]`,
  })
  expect(format).toMatchObject({ fileExtension: '.ndjson.gz', contentType: 'application/gzip' })
  const bytes = await fileOf(format, [message(0), message(1)])
  expect(gunzipSync(bytes).toString()).toBe('[{"n":0}]\n[{"n":1}]\n')
  // As it is read again after a crash.
  expect(await fileOf(format, [message(0), message(1)])).toEqual(bytes)
  for (const fileExtension of ['jsonl', '.', '.a/b', '']) {
    expect(() => jsonFormat({ fileExtension })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  }
})

test.each([
  ['NaN', jsonFormat(), { n: Number.NaN }],
  ['two lines', jsonFormat({ dumps: () => 'a\nb' }), {}],
  ['no text', jsonFormat({ dumps: () => 1 as never }), {}],
  ['a value that is no object', parquetFormat(), 'text'],
  ['a list', parquetFormat(), [1]],
  ['the name of a column that is the message’s own', parquetFormat(), { _key: 1 }],
  ['its other one', parquetFormat(), { _timestamp: 1 }],
])('%s is refused when it is added, and the rest is written', async (_, format, value) => {
  const sink = fileSink({ destination: memoryStore(), format })
  const add = () => sink.add(message(0, value))
  expect(add).toThrow(expect.objectContaining({ code: 'invalid-record' }))
  expect(await sink.flush()).toEqual([])
})

/** Else a column is not worth its compression. */
const LONG = 'x'.repeat(1000)

test.each<ParquetCompression>(['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd'])(
  'Parquet with %s is read by DuckDB, its columns in the order in which they first come',
  async (compression) => {
    const records = [
      message(0, { b: 1, a: LONG }),
      message(1, { c: [1, 'y'], b: 2.5 }),
      { ...message(2, { a: null }), key: undefined },
    ]
    const folder = await mkdtemp(join(tmpdir(), 'sluice-quix-formats-'))
    const duckDb = await openDuckDb()
    try {
      const path = join(folder, 'file.parquet')
      await writeFile(path, await fileOf(parquetFormat({ compression }), records))
      const read = await duckDb.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)
      expect(read.columnNames()).toEqual(['_timestamp', '_key', 'b', 'a', 'c'])
      expect(read.getRowsJson()).toEqual([
        [1000, 'k', 1, LONG, null],
        [1001, 'k', 2.5, null, '[1,"y"]'],
        [1002, null, null, null, null],
      ])
      const codec = await duckDb.runAndReadAll(
        `SELECT compression FROM parquet_metadata('${path}') WHERE path_in_schema = 'a'`,
      )
      const name = { none: 'UNCOMPRESSED', lz4: 'LZ4_RAW' }[compression as 'none']
      expect(codec.getRowsJson()).toEqual([[name ?? compression.toUpperCase()]])
    } finally {
      duckDb.closeSync()
      await rm(folder, { recursive: true })
    }
  },
)

test('another compression is refused by name', () => {
  expect(() => parquetFormat({ compression: 'lzo' as 'none' })).toThrow(/none, snappy, .*"lzo"/)
})

test('a batch: what it is of, its offsets, its pieces', async () => {
  const batches: SinkBatch[] = []
  const format: BatchFormat = {
    ...jsonFormat(),
    serialize(batch) {
      batches.push(batch)
      return new Uint8Array(0)
    },
  }
  const sink = fileSink({ destination: memoryStore(), format })
  addAll(sink, 3, 8)
  await sink.flush()
  const [batch] = batches as [SinkBatch]
  expect(batch).toMatchObject({ ...PARTITION, size: 5, empty: false, startOffset: 3n })
  expect([...batch].map(({ offset }) => offset)).toEqual([3n, 4n, 5n, 6n, 7n])
  const sizes = (size: number) => [...batch.iterChunks(size)].map(({ length }) => length)
  expect(sizes(2)).toEqual([2, 2, 1])
  expect(() => sizes(0)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  const empty = new SinkBatch(PARTITION)
  expect(empty.empty).toBe(true)
  expect(() => empty.startOffset).toThrow(expect.objectContaining({ code: 'invalid-options' }))
})
