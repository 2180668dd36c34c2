import type {
  Awaitable,
  Bytes,
  Chunk,
  Encoder,
  Format,
  Row,
  Schema,
} from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { checkEqual } from '../check.ts'

export interface FormatSuiteOptions {
  /** Called at least once for each case, always with the same options. */
  create(): Format
  /**
   * The rows of a file, by a reader that is not the format's own. The values are to be of the schema's types: turn them
   * back where the format has fewer (CSV has only text). `null` and a missing key count as the same, and so do a `bigint`
   * and the number of the same value.
   */
  read(file: Bytes, schema: Schema): Awaitable<readonly Row[]>
}

export type Case = (options: FormatSuiteOptions) => Promise<void>

export const SCHEMA: Schema = {
  fields: [
    { name: 'count', type: 'int32', nullable: false },
    { name: 'wide', type: 'int64', nullable: false },
    { name: 'ratio', type: 'double', nullable: true },
    { name: 'on', type: 'boolean', nullable: true },
    { name: 'text', type: 'string', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'data', type: 'bytes', nullable: true },
    { name: 'tree', type: 'json', nullable: true },
    { name: 'a,b"c\nd é/~', type: 'string', nullable: true },
  ],
}

/** Nothing empty: some formats have no empty text beside `null`. */
export const SAMPLES: readonly Row[] = [
  {
    count: 2 ** 31 - 1,
    wide: 2n ** 63n - 1n,
    ratio: 0.1,
    on: true,
    text: 'plain',
    at: new Date('2026-02-28T23:59:59.999Z'),
    data: new Uint8Array([0, 127, 128, 255]),
    tree: { a: [1, 'two', null, { b: false }] },
    'a,b"c\nd é/~': 'a key to be quoted',
  },
  {
    count: -(2 ** 31),
    wide: -(2n ** 63n),
    ratio: -1e300,
    on: false,
    text: 'a "quote", a comma\r\nand a line\ttab  ',
    at: new Date(-1),
    data: new Uint8Array([7]),
    tree: [2n ** 80n, -0.5],
  },
  { count: 0, wide: 2n ** 53n + 1n, text: ' é 漢字 😀 \u{10ffff} ', tree: 'x"y', ratio: 5e-324 },
  { count: 1, wide: -1n, ratio: null, on: null, text: null, at: null, data: null, tree: null },
]

export const MANY: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'text', type: 'string', nullable: false },
  ],
}

/** Reproducible, and dear to compress. */
export function manyRows(count: number, seed = 0): Row[] {
  let state = seed + 1
  const word = (): string => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state.toString(36)
  }
  return Array.from({ length: count }, (_, id) => ({
    id,
    text: Array.from({ length: 12 }, word).join(''),
  }))
}

export async function encode(
  format: Format,
  batches: readonly Iterable<Row>[],
  schema?: Schema,
): Promise<Bytes> {
  const encoder = format.encoder({ schema })
  const chunks: Chunk[] = []
  for (const rows of batches) chunks.push(...(await encoder.write(rows)))
  return end(encoder, chunks)
}

export async function end(encoder: Encoder, chunks: readonly Chunk[]): Promise<Bytes> {
  const { headBytes } = encoder
  const last = await encoder.close()
  checkEqual(last.head?.byteLength ?? 0, headBytes, 'the length of the head')
  return concatBytes([...(last.head ? [last.head] : []), ...chunks, ...last.chunks])
}

/** As the format wishes. */
export function inferred(rows: readonly Row[], { inference }: Format): Schema {
  const inferrer = schemaInferrer(inference)
  inferrer.add(rows)
  return inferrer.schema()
}

export function own(row: Row | undefined, key: string): unknown {
  return plain(row && Object.hasOwn(row, key) ? row[key] : null)
}

export function checkRows(actual: readonly Row[], expected: readonly Row[]): void {
  checkEqual(actual.length, expected.length, 'the number of rows')
  for (const [index, row] of expected.entries()) {
    for (const key of new Set([...Object.keys(row), ...Object.keys(actual[index] ?? {})])) {
      checkEqual(own(actual[index], key), own(row, key), `row ${index}, ${JSON.stringify(key)}`)
    }
  }
}

/** Numbers of one value are the same, whatever their type, and so are nothing and `null`. */
function plain(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}
