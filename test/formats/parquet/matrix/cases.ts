import fc from 'fast-check'
import type { FieldType, Row, Schema } from '../../../../src/contracts/index.ts'
import { encodedAs, panicsPolars, refusedBy } from './encodings.ts'
import { CODECS, type ParquetOptions } from './subject.ts'
import { FLAT_TYPES, NESTED_TYPES, nameOf, valuesOf } from './types.ts'

/** A file of the matrix. */
export interface Case {
  /** Says all that it was made of. */
  readonly name: string
  readonly schema: Schema
  readonly rows: readonly Row[]
  readonly options: ParquetOptions
  /** Into how many `write` calls the rows are divided. */
  readonly writes: number
  /** Readers that do not have what it is written with. */
  readonly refusedBy: readonly string[]
  /** Whether polars may panic at it. */
  readonly panicsPolars: boolean
}

const TYPES: readonly FieldType[] = [...FLAT_TYPES, ...NESTED_TYPES]

/** Where the nulls are: how many of eight rows have none, or `undefined` where the column takes none. */
const NULLS: Readonly<Record<string, number | undefined>> = {
  required: undefined,
  'none null': 8,
  'some null': 5,
  'most null': 1,
  'all null': 0,
}

/** How many rows, and how many of them differ: what decides encodings, levels and pages. */
const SHAPES: Readonly<Record<string, { rows: number; distinct: number; sorted?: boolean }>> = {
  'no rows': { rows: 0, distinct: 1 },
  'one row': { rows: 1, distinct: 1 },
  'one value': { rows: 100, distinct: 1 },
  'few values': { rows: 300, distinct: 5 },
  'many values': { rows: 150, distinct: 150 },
  'sorted values': { rows: 150, distinct: 150, sorted: true },
}

const GROUPS: Readonly<Record<string, ParquetOptions>> = {
  'one group': {},
  'groups of 64': { rowGroupRows: 64 },
  'groups of 7': { rowGroupRows: 7 },
}

/** Which encoding the leaves have; else the encoder chooses. */
const ENCODINGS: Readonly<Record<string, number | undefined>> = {
  'chosen encoding': undefined,
  'first encoding': 0,
  'second encoding': 1,
  'third encoding': 2,
  'fourth encoding': 3,
}

/** Of a row each, of some, and one alone. */
const PAGES: Readonly<Record<string, ParquetOptions>> = {
  'one page': {},
  'pages of 100 bytes': { pageBytes: 100 },
  'pages of 1 row': { pageBytes: 1 },
}

const WRITES: Readonly<Record<string, number>> = { 'one write': 1, '3 writes': 3 }

/** In the order of how fast they change: neighbours differ in their type. */
const AXES = [
  TYPES.map((type) => [nameOf(type), type] as const),
  Object.entries(NULLS),
  Object.entries(CODECS),
  Object.entries(SHAPES),
  Object.entries(GROUPS),
  Object.entries(PAGES),
  Object.entries(ENCODINGS),
  Object.entries(WRITES),
] as const

export const CASES: number = AXES.reduce((product, axis) => product * axis.length, 1)

/** `count` different files, spread evenly over all combinations. The same seed gives the same ones. */
export function* cases(count: number, seed: number): Generator<Case, void, undefined> {
  const step = stepOver(CASES)
  for (let n = 0; n < Math.min(count, CASES); n++) yield caseOf((seed + n * step) % CASES)
}

/** Near to the golden section, by which even a few steps leave no large gaps, and without a common factor, so that none comes twice. */
function stepOver(total: number): number {
  let step = Math.max(1, Math.round(total * 0.618))
  while (commonFactor(step, total) !== 1) step++
  return step
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b)
}

export function caseOf(number: number): Case {
  let rest = number
  const next = <T>(axis: readonly T[]): T => {
    const chosen = axis[rest % axis.length] as T
    rest = Math.floor(rest / axis.length)
    return chosen
  }
  const type = next(AXES[0])
  const nulls = next(AXES[1])
  const codec = next(AXES[2])
  const shape = next(AXES[3])
  const group = next(AXES[4])
  const pages = next(AXES[5])
  const encoding = next(AXES[6])
  const writes = next(AXES[7])
  const schema: Schema = {
    fields: [
      { name: 'n', type: 'int32', nullable: false },
      { name: 'v', type: type[1], nullable: nulls[1] !== undefined },
    ],
  }
  const names = [type, nulls, codec, shape, group, pages, encoding, writes].map(([name]) => name)
  return {
    name: `${number}: ${names.join(', ')}`,
    schema,
    rows: rowsOf(number, type[1], nulls[1], shape[1]),
    options: {
      ...codec[1],
      ...group[1],
      ...pages[1],
      ...(encoding[1] !== undefined && encodedAs('v', type[1], encoding[1])),
    },
    writes: writes[1],
    refusedBy: encoding[1] === undefined ? [] : refusedBy(type[1], encoding[1]),
    panicsPolars:
      encoding[1] !== undefined &&
      pages[1].pageBytes !== undefined &&
      panicsPolars({ type: type[1], nullable: nulls[1] !== undefined }, encoding[1]),
  }
}

function rowsOf(
  seed: number,
  type: FieldType,
  valid: number | undefined,
  { rows, distinct, sorted }: { rows: number; distinct: number; sorted?: boolean },
): Row[] {
  const values = fc.sample(valuesOf(type), { numRuns: distinct, seed })
  if (sorted) values.sort(ascending)
  return Array.from({ length: rows }, (_, n) => {
    const scattered = Math.imul(n + seed, 0x9e3779b1) >>> 0
    const v = values[sorted || distinct === 1 ? n % distinct : scattered % distinct]
    if (valid === undefined || scattered % 8 < valid) return { n, v }
    // Both ways in which nothing can be there.
    return n % 2 === 0 ? { n, v: null } : { n }
  })
}

/** Nested values stay as they are. */
function ascending(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1
  return isOrdered(a) && isOrdered(b) ? Number(a) - Number(b) : 0
}

function isOrdered(value: unknown): boolean {
  return typeof value !== 'object' || value instanceof Date
}
