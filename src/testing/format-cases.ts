import type { Awaitable, Bytes, Chunk, Encoder, Format, Row, Schema } from '../contracts/index.ts'
import { concatBytes } from '../core/bytes.ts'
import { schemaInferrer } from '../core/infer.ts'
import { check, checkBytes, checkEqual, checkRejects } from './check.ts'

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

type Case = (options: FormatSuiteOptions) => Promise<void>

/** One test for each sentence of the Format and Encoder contracts. */
export const formatCases: Readonly<Record<string, Case>> = {
  'has an extension without a dot in front, and a content type': async ({ create }) => {
    const { extension, contentType } = create()
    check(/^[a-z0-9]+(\.[a-z0-9]+)*$/.test(extension), `the extension is ${extension}`)
    check(/^[a-z]+\/[a-z0-9.+-]+/.test(contentType), `the content type is ${contentType}`)
  },

  'a file without rows is valid': async ({ create, read }) => {
    const file = await encode(create(), [], SCHEMA)
    checkEqual(await read(file, SCHEMA), [], 'the rows of a file with a schema')
    await encode(create(), [])
  },

  'gives every row back under a schema': async ({ create, read }) => {
    for (const row of SAMPLES) {
      const verdict = create().check(row)
      checkEqual(verdict, undefined, 'the verdict on a plain row')
    }
    const file = await encode(create(), [SAMPLES], SCHEMA)
    checkRows(await read(file, SCHEMA), SAMPLES)
  },

  'gives every row back without a schema': async ({ create, read }) => {
    const file = await encode(create(), [SAMPLES])
    checkRows(await read(file, inferred(SAMPLES)), SAMPLES)
  },

  'takes any iterable, once': async ({ create }) => {
    const expected = await encode(create(), [SAMPLES])
    function* once(): Generator<Row> {
      yield* SAMPLES
    }
    checkBytes(await encode(create(), [once()]), expected, 'the file from a generator')
  },

  'gives the same bytes for the same rows, however they are batched': async ({ create }) => {
    const rows = manyRows(3000)
    const expected = await encode(create(), [rows], MANY)
    checkBytes(await encode(create(), [rows], MANY), expected, 'the file made again')
    const batches = [[], rows.slice(0, 1), rows.slice(1, 10), [], rows.slice(10)]
    checkBytes(await encode(create(), batches, MANY), expected, 'the file from small batches')
  },

  'encodes several files at once': async ({ create }) => {
    const format = create()
    const rows = manyRows(500)
    const expected = await encode(format, [rows], MANY)
    const encoders = [format.encoder({ schema: MANY }), format.encoder({ schema: MANY })]
    const files: Chunk[][] = [[], []]
    for (const row of rows) {
      for (const [i, encoder] of encoders.entries()) {
        files[i]?.push(...(await encoder.write([row])))
      }
    }
    for (const [i, encoder] of encoders.entries()) {
      checkBytes(await end(encoder, files[i] ?? []), expected, `file ${i + 1} of two`)
    }
  },

  'never writes to a chunk that it has given away': async ({ create }) => {
    const encoder = create().encoder({ schema: MANY })
    const chunks: Chunk[] = []
    const copies: Chunk[] = []
    for (let i = 0; i < 20; i++) {
      for (const chunk of await encoder.write(manyRows(500))) {
        chunks.push(chunk)
        copies.push(chunk.slice())
      }
    }
    await encoder.close()
    checkBytes(concatBytes(chunks), concatBytes(copies), 'the chunks at the end')
  },

  'says how much it holds back': async ({ create }) => {
    const encoder = create().encoder({ schema: MANY })
    checkEqual(encoder.bufferedBytes, 0, 'bufferedBytes before the first row')
    let given = 0
    let came = 0
    for (let i = 0; i < 20; i++) {
      const rows = manyRows(500, i)
      for (const row of rows) given += String(row.text).length
      for (const chunk of await encoder.write(rows)) came += chunk.byteLength
      // The texts are random base 36: no compression takes off more than a third.
      const accounted = came + 2 * encoder.bufferedBytes
      check(accounted >= given / 2, `${accounted} of ${given} bytes are accounted for`)
    }
  },

  'keeps keys that every object inherits': async ({ create, read }) => {
    const keys = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']
    const row = JSON.parse('{"__proto__":1}') as Row
    for (const key of keys) (row as Record<string, unknown>)[key] = 1
    const rows = [row, { constructor: 2 }]
    const schema = inferred(rows)
    for (const given of [schema, undefined]) {
      const [first, second] = await read(await encode(create(), [rows], given), schema)
      for (const key of ['__proto__', ...keys]) checkEqual(own(first, key), 1n, `the key ${key}`)
      checkEqual(own(second, 'constructor'), 2n, 'the key constructor of the second row')
      checkEqual(own(second, 'toString'), null, 'the key toString that the second row lacks')
    }
  },

  'refuses a key outside the schema': async ({ create }) => {
    const write = async () => encode(create(), [[{ ...SAMPLES[0], extra: 1 }]], SCHEMA)
    await checkRejects(write(), 'invalid-record', 'writing a row with an extra key')
  },

  'has a verdict on everything, and writes all that it passes': async ({ create, read }) => {
    for (const [name, record] of Object.entries(hostileRecords())) {
      const rejection = create().check(record as Row)
      if (rejection) {
        checkEqual(typeof rejection.message, 'string', `the message about ${name}`)
        check(/^(\/[^/]*)*$/.test(rejection.path), `the path of ${name} is ${rejection.path}`)
        continue
      }
      // Beside a string, so that a column must hold values that disagree.
      for (const rows of [[record], [record, { value: 'text' }]] as Row[][]) {
        const schema = inferred(rows)
        const back = await read(await encode(create(), [rows], schema), schema)
        checkEqual(back.length, rows.length, `the number of rows with ${name}`)
        await encode(create(), [rows])
      }
    }
  },

  'refuses a checkpoint that it cannot go on from': async ({ create }) => {
    const format = create()
    if (format.encoder().checkpoint) return
    const from = { rows: 0, bytes: 0, state: '{}' }
    await checkRejects(
      (async () => format.encoder({ from }))(),
      'not-supported',
      'an encoder from a checkpoint',
    )
  },
}

const SCHEMA: Schema = {
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
const SAMPLES: readonly Row[] = [
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

const MANY: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'text', type: 'string', nullable: false },
  ],
}

/** Reproducible, and dear to compress. */
function manyRows(count: number, seed = 0): Row[] {
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

/** What a caller may hand over by mistake or in malice, each as the record or as its `value`. */
function hostileRecords(): Record<string, unknown> {
  const cycle: Record<string, unknown> = {}
  cycle.value = cycle
  let deep: unknown = 1
  for (let i = 0; i < 5000; i++) deep = [deep]
  const values: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    'minus zero': -0,
    'a bigint beyond 64 bits': 2n ** 200n,
    'a lone surrogate': '\ud800',
    'a nested lone surrogate': [{ a: '\udc00' }],
    'a NUL character': '\u0000',
    'the empty text': '',
    'a function': () => 1,
    'a symbol': Symbol('x'),
    'an invalid Date': new Date(Number.NaN),
    'the largest Date': new Date(8.64e15),
    'a Map': new Map(),
    'no bytes': new Uint8Array(0),
    'nested NaN': { a: [Number.NaN] },
    'a sparse array': new Array(3),
    'a deep array': deep,
    'a throwing getter': {
      get x() {
        throw new Error('no')
      },
    },
    'a toJSON': { toJSON: () => ({ a: 1 }) },
    'an endless toJSON': endless(),
  }
  const records: Record<string, unknown> = {
    'no keys': {},
    'a cycle': cycle,
    'an array': [],
    text: 'text',
    nothing: undefined,
    'a null record': null,
    'a Date record': new Date(0),
    'a key with a lone surrogate': { '\ud800': 1 },
    'an empty key': { '': 1 },
  }
  for (const [name, value] of Object.entries(values)) records[name] = { value }
  return records
}

function endless(): object {
  return { toJSON: () => endless() }
}

async function encode(
  format: Format,
  batches: readonly Iterable<Row>[],
  schema?: Schema,
): Promise<Bytes> {
  const encoder = format.encoder({ schema })
  const chunks: Chunk[] = []
  for (const rows of batches) chunks.push(...(await encoder.write(rows)))
  return end(encoder, chunks)
}

async function end(encoder: Encoder, chunks: readonly Chunk[]): Promise<Bytes> {
  const { headBytes } = encoder
  const last = await encoder.close()
  checkEqual(last.head?.byteLength ?? 0, headBytes, 'the length of the head')
  return concatBytes([...(last.head ? [last.head] : []), ...chunks, ...last.chunks])
}

function inferred(rows: readonly Row[]): Schema {
  const inferrer = schemaInferrer()
  inferrer.add(rows)
  return inferrer.schema()
}

function own(row: Row | undefined, key: string): unknown {
  return plain(row && Object.hasOwn(row, key) ? row[key] : null)
}

function checkRows(actual: readonly Row[], expected: readonly Row[]): void {
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
