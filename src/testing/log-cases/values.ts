import type { Row, Rows } from '../../contracts/index.ts'
import { blockOfRows } from '../../core/rows/block-builder.ts'
import { check, checkEqual, checkRejects, kindOf } from '../check.ts'
import { batch, LANE, type LogCase, OTHER, readAll, rowsOf, sealed } from './tools.ts'

/** What a record may hold, by name. */
const VALUES: Readonly<Record<string, readonly Row[]>> = {
  'texts, with lone surrogates, NUL and line ends': [
    { text: '' },
    { text: 'a\nb\r\n\u2028\0' },
    { text: '\ud800 \udfff', '\ud800': 1 },
    { text: '😀 ~{"d":1}' },
  ],
  'numbers, with -0, NaN and infinities': [
    { n: 0 },
    { n: -0 },
    { n: Number.NaN },
    { n: Number.POSITIVE_INFINITY },
    { n: Number.NEGATIVE_INFINITY },
    { n: 5e-324 },
    { n: 0.1 + 0.2 },
    { n: 2 ** 53 },
  ],
  bigints: [{ n: 0n }, { n: -1n }, { n: 2n ** 63n - 1n }, { n: 10n ** 60n }],
  dates: [{ at: new Date(0) }, { at: new Date(-1) }, { at: new Date(Number.NaN) }],
  bytes: [
    { body: new Uint8Array(0) },
    { body: Uint8Array.from({ length: 256 }, (_, index) => index) },
    { body: new Uint8Array(100).subarray(3, 7) },
  ],
  'maps with keys of all kinds, sets and typed arrays': [
    { a: new Map(), b: new Set(), c: new Float64Array(0) },
    {
      a: new Map<unknown, unknown>([
        ['k', { b: new Map([[1, -0]]) }],
        [2n, [undefined]],
      ]),
    },
    { a: new Set([1, 'm', new Date(5), ['s', new Set([null])]]) },
    { a: Float64Array.of(1, -0, Number.NaN, 0.5), b: ['v', 'ArrayBuffer', 'AA=='] },
    { a: Int16Array.of(-7), b: Uint8ClampedArray.of(255), c: BigUint64Array.of(2n ** 63n) },
  ],
  'null and undefined, apart from each other and from a missing key': [
    { a: null },
    { a: undefined },
    {},
    { a: [undefined, null] },
  ],
  'lists and objects in one another': [
    { a: [], b: {}, c: [[], [{}]] },
    { a: { b: [1, { c: new Date(5), d: [-0, 1n, { e: new Uint8Array([1]) }] }] } },
  ],
  'keys that mean something elsewhere': [
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":null,"":2}') as Row,
    Object.defineProperty({ when: new Date(1) }, '__proto__', {
      value: { at: new Date(2) },
      enumerable: true,
      configurable: true,
      writable: true,
    }) as unknown as Row,
  ],
  'sixty-four levels of lists and objects': [
    ...[0, -0, new Date(5), new Uint8Array([1])].map((leaf) => nested(64, leaf)),
  ],
  'data that looks like a codec’s own marks': [
    { a: ['d', 5], b: [0, 1], c: ['u'] },
    { a: ['d', 5], b: [0, ['n', '7']], c: ['u'], when: new Date(5) },
    { $date: 5, $type: 'Date', '~': '~' },
    { '~': ['b', 'AA=='], when: -0 },
  ],
}

const exactCases: readonly LogCase[] = Object.entries(VALUES).map(([name, rows]) => ({
  name: `rows come back exactly: ${name}`,
  async run({ log }) {
    const session = await log.open('first')
    await session.append(batch([[LANE, rows]]))
    const file = sealed(LANE, 0, rows.length)
    await session.seal(file)
    const read = await readAll(session, file)
    checkEqual(read, rows, 'the rows')
    checkEqual(read.map(kinds), rows.map(kinds), 'what kind of value each is')
    for (const row of read) {
      checkEqual(Object.getPrototypeOf(row), Object.prototype, 'the prototype of a row')
    }
  },
}))

/** What no format takes. A log that keeps it as it is, need not refuse it. */
const STRANGE: Readonly<Record<string, () => Row>> = {
  'a RegExp': () => ({ pattern: /x/ }),
  'a function': () => ({ run: () => {} }),
  'a thousand levels': () => nested(1000, 1),
  'a cycle': () => {
    const row: Record<string, unknown> = {}
    row.self = row
    return row
  },
}

const strangeCases: readonly LogCase[] = Object.entries(STRANGE).map(([name, make]) => ({
  name: `kept as it is, or refused by name with its whole batch: ${name}`,
  async run({ log }) {
    const session = await log.open('first')
    const rows = [{ n: 1 }, make()]
    const bad = batch([
      [OTHER, rowsOf(1)],
      [LANE, rows],
    ])
    const kept = await session.append(bad).then(
      () => true,
      async (error: unknown) => {
        await checkRejects(Promise.reject(error), 'invalid-record', 'the append')
        return false
      },
    )
    if (!kept) {
      checkEqual((await log.open('second')).state.lanes, [], 'the lanes')
      return
    }
    const file = sealed(LANE, 0, 2)
    await session.seal(file)
    check((await readAll(session, file))[1] === rows[1], 'the row is the one that was appended')
  },
}))

const blockCases: readonly LogCase[] = [
  {
    name: 'rows that come as blocks, among others that do not, come back exactly, wherever files are cut',
    async run({ log }) {
      const session = await log.open('first')
      const rows = [...rowsOf(20), { a: [1] }, ...rowsOf(40, 20), ...rowsOf(3, 60), { a: -0 }]
      for (const [from, to] of [
        [0, 20],
        [20, 21],
        [21, 61],
        [61, 65],
      ] as const) {
        const some = rows.slice(from, to)
        const asBlock: Rows = blockOfRows(some)?.block ?? some
        checkEqual(Array.isArray(asBlock), some.length < 20, 'whether they are an array')
        await session.append(batch([[LANE, asBlock]]))
      }
      for (const [begin, end] of [
        [0, 7],
        [7, 12],
        [12, 50],
        [50, 65],
      ] as const) {
        const file = sealed(LANE, begin, end)
        await session.seal(file)
        checkEqual(await readAll(session, file), rows.slice(begin, end), 'the rows of a file')
      }
    },
  },
]

export const valueCases: readonly LogCase[] = [...exactCases, ...strangeCases, ...blockCases]

/** A record of so many levels, around the value. */
function nested(levels: number, value: unknown): Row {
  let inner = value
  for (let level = 1; level < levels; level++) inner = level % 2 ? [inner] : { inner }
  return { inner }
}

/** What deep equality may not see. */
function kinds(row: Row): unknown {
  return Object.entries(row).map(([key, value]) => [
    key,
    typeof value,
    kindOf(value),
    Object.is(value, -0),
  ])
}
