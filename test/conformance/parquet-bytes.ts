import type { Chunk, Field, FieldType, Row, Schema } from 'sluice'
import { type ParquetOptions, parquet } from 'sluice/formats/parquet'
import { parquetColumns } from 'sluice/formats/parquet/columns'
import { lz4Codec } from 'sluice/formats/parquet/lz4'
import { checkEqual } from '../../src/testing/check.ts'
import type { MatrixCase } from './matrix-case.ts'

const ROWS = 700
const WORDS = ['tea', 'Öl', '漢字', '𝄞', '', 'a path/to/something']

const list = (type: FieldType): FieldType => ({ kind: 'list', element: { type, nullable: true } })

const COLUMNS: Readonly<
  Record<string, readonly [type: FieldType, valueAt: (n: number) => unknown]>
> = {
  is: ['boolean', (n) => scattered(n) % 3 === 0],
  id: ['int32', (n) => n],
  byte: ['uint8', (n) => scattered(n) % 256],
  big: ['int64', (n) => BigInt(scattered(n)) * 4_294_967_291n - 2n ** 62n],
  unsigned: ['uint64', (n) => 2n ** 64n - 1n - BigInt(n)],
  half: ['float16', (n) => (n % 2048) / 8],
  single: ['float32', (n) => (n % 50 === 0 ? Number.NaN : -n / 4)],
  double: ['double', (n) => (n % 40 === 0 ? -0 : scattered(n) / 1000)],
  cents: [{ kind: 'decimal', precision: 12, scale: 2 }, (n) => `${n}.${10 + (n % 90)}`],
  large: [{ kind: 'decimal', precision: 38, scale: 0 }, (n) => -(3n ** BigInt(n % 79))],
  text: ['string', (n) => `${WORDS[scattered(n) % WORDS.length]} ${n >> 3}`],
  word: ['enum', (n) => WORDS[n % WORDS.length]],
  bytes: ['bytes', (n) => Uint8Array.of(n, n >> 8, 255)],
  uuid: ['uuid', (n) => `00112233-4455-6677-8899-${String(scattered(n)).padStart(12, '0')}`],
  json: ['json', (n) => ({ n, list: [WORDS[n % 6], null, n / 2], big: 2n ** 70n })],
  any: ['variant', (n) => [n, WORDS[n % 6], { n: n / 8 }, [true, null], 2n ** 60n][n % 5]],
  day: ['date', (n) => new Date((scattered(n) % 40_000) * 86_400_000)],
  at: ['timestamp', (n) => new Date(1_700_000_000_000 + n * 977)],
  nanoseconds: [
    { kind: 'timestamp', unit: 'ns', utc: false },
    (n) => 1_700_000_000_000_000_000n + BigInt(scattered(n)),
  ],
  tags: [list('string'), (n) => WORDS.slice(0, n % 4)],
  sizes: [
    { kind: 'map', key: 'string', value: { type: list('int32'), nullable: true } },
    (n) => ({ [`k${n % 3}`]: n % 5 === 0 ? null : [n, null] }),
  ],
}

/** The same everywhere: whole numbers alone are computed. */
function scattered(n: number): number {
  return Math.imul(n + 1, 0x9e3779b1) >>> 1
}

const SCHEMA: Schema = {
  fields: Object.entries(COLUMNS).map(([name, [type]]): Field => ({ name, type, nullable: true })),
}

function rows(): readonly Row[] {
  return Array.from({ length: ROWS }, (_, n) =>
    Object.fromEntries(
      Object.entries(COLUMNS).map(([name, [, valueAt]], place) => [
        name,
        (n + place) % 11 === 0 ? null : valueAt(n),
      ]),
    ),
  )
}

async function byRows(options: ParquetOptions, schema: Schema | undefined): Promise<Blob> {
  const encoder = parquet(options).encoder({ schema })
  const chunks: Chunk[] = [...(await encoder.write(rows()))]
  return new Blob([...chunks, ...(await encoder.close()).chunks])
}

async function byColumns(): Promise<Blob> {
  const encoder = parquetColumns({ rowGroupRows: 300 })
  const columns = {
    id: Int32Array.from({ length: ROWS }, (_, n) => n),
    real: Float64Array.from({ length: ROWS }, (_, n) => scattered(n) / 1000),
    big: BigInt64Array.from({ length: ROWS }, (_, n) => BigInt(scattered(n))),
    text: Array.from({ length: ROWS }, (_, n) => WORDS[n % 6]),
  }
  return new Blob([...(await encoder.write(columns)), ...(await encoder.close()).chunks])
}

const TOLD: ParquetOptions = {
  codec: 'none',
  rowGroupRows: 250,
  pageBytes: 600,
  columns: {
    is: { encoding: 'rle' },
    id: { encoding: 'delta_binary_packed' },
    big: { encoding: 'plain', bloomFilter: true },
    single: { encoding: 'byte_stream_split' },
    double: { encoding: 'byte_stream_split', bloomFilter: true },
    large: { encoding: 'delta_byte_array' },
    text: { encoding: 'delta_byte_array', bloomFilter: true },
    word: { encoding: 'dictionary' },
    bytes: { encoding: 'delta_length_byte_array' },
    'tags.list.element': { bloomFilter: true },
  },
  sortedBy: [{ column: 'id' }],
  metadata: { origin: 'é' },
}

/** By codecs of the package's own: those of a platform may give other bytes. */
const FILES: Readonly<Record<string, readonly [make: () => Promise<Blob>, sha256: string]>> = {
  'snappy, encodings that are chosen': [
    () => byRows({}, SCHEMA),
    'c384a2e3b0d6f2a44f62390ae8e8340ddd8a777b1558da5c425c9ba7075d6656',
  ],
  'none, encodings that are told, many pages': [
    () => byRows(TOLD, SCHEMA),
    '74475e3a11e2c3d60a0a444b6e903381f17cb6cb339c47a2155f7370bb880223',
  ],
  'LZ4, inferred columns': [
    () =>
      byRows({ codec: lz4Codec(), inference: { mixed: 'variant', nested: 'columns' } }, undefined),
    '6ca2532809e49839b037e4fd74621f149fec08ede5330524250db2f113d17c91',
  ],
  columns: [byColumns, '17386fab12225aee6a1daad80b8c702d289e6cd1f42003ff1850b753a78c68f2'],
}

/**
 * Fixed rows and options, and the digest of their file: one for all runtimes. It is another one with whatever changes the bytes, the
 * package's version in the footer among it; then what a failure tells is to stand here.
 */
export function parquetBytesCases(): readonly MatrixCase[] {
  return Object.entries(FILES).map(([name, [make, sha256]]) => ({
    suite: 'format: parquet',
    name: `has the same bytes in every runtime: ${name}`,
    async run() {
      const file = await (await make()).arrayBuffer()
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', file))
      const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
      checkEqual(hex, sha256, 'its SHA-256')
      return 'passed'
    },
  }))
}
