import type { Chunk, Row } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkBytes, checkEqual, checkRejects } from '../check.ts'
import {
  type Case,
  checkRows,
  encode,
  end,
  inferred,
  MANY,
  manyRows,
  own,
  SAMPLES,
  SCHEMA,
} from './tools.ts'

/** One test for each sentence of the Format and Encoder contracts. */
export const encodingCases: Readonly<Record<string, Case>> = {
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
    checkRows(await read(file, inferred(SAMPLES, create())), SAMPLES)
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
    const schema = inferred(rows, create())
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
        const schema = inferred(rows, create())
        const back = await read(await encode(create(), [rows], schema), schema)
        checkEqual(back.length, rows.length, `the number of rows with ${name}`)
        await encode(create(), [rows])
      }
    }
  },
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
