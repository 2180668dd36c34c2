import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Format, Row, Schema } from '../../src/contracts/index.ts'
import { isSluiceError } from '../../src/core/errors.ts'
import { schemaInferrer } from '../../src/core/schemas/schema-inferrer.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { parquetByDuckdb } from './duckdb.ts'
import { encode, parquetByHyparquet } from './readers.ts'

const PAGE = new URL('../../docs/values.md', import.meta.url)

interface Example {
  readonly rows: readonly Row[]
  /** Declared; else inferred for Parquet, and none for the others. */
  readonly schema?: Schema
}

const DECLARED: Schema = {
  fields: [
    { name: 'k', type: 'int32', nullable: false },
    { name: 'v', type: 'int32', nullable: true },
  ],
}

/** What is in the table, in its order. Every kind of value that a record may hold by right or by mistake. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  '`null`': value(null),
  '`undefined`': value(undefined),
  'no `v`, in a schema that has it': { rows: [{ k: 1 }], schema: DECLARED },
  "`''`": value(''),
  '`\'a, "b"\'`': value('a, "b"'),
  "`'=1+1'`": value('=1+1'),
  '`true`': value(true),
  '`5`': value(5),
  '`2 ** 40`': value(2 ** 40),
  '`1.5`': value(1.5),
  '`1e21`': value(1e21),
  '`-0`': value(-0),
  '`-0`, in a schema with `int32`': { rows: [{ k: 1, v: -0 }], schema: DECLARED },
  '`NaN`': value(Number.NaN),
  '`-Infinity`': value(Number.NEGATIVE_INFINITY),
  '`5n`': value(5n),
  '`2n ** 63n - 1n`': value(2n ** 63n - 1n),
  '`2n ** 70n`': value(2n ** 70n),
  'a `Date`': value(new Date('2026-02-28T12:00:00.500Z')),
  'an invalid `Date`': value(new Date(Number.NaN)),
  '`Uint8Array.of(1, 2, 255)`': value(Uint8Array.of(1, 2, 255)),
  '`[1, { a: null }]`': value([1, { a: null }]),
  'nested `bigint`, `-0`, `undefined`': value({
    b: 2n ** 70n,
    z: -0,
    u: undefined,
    l: [undefined],
  }),
  'nested `Date` and bytes': value([new Date(0), Uint8Array.of(1)]),
  'nested `NaN`': value({ a: [Number.NaN] }),
  'an object with `toJSON`': value({ toJSON: () => 'said' }),
  'an instance of a class': value(
    new (class Point {
      x = 1
    })(),
  ),
  'a `Map`': value(new Map([['a', 1]])),
  'a function': value(() => 1),
  'a lone surrogate': value('\ud800'),
  'a list in 65 lists': value(Array.from({ length: 65 }).reduce((inner) => [inner], [])),
  'the key `__proto__`': { rows: [JSON.parse('{"k":1,"__proto__":2}')] },
  'a key that the schema lacks': { rows: [{ k: 1, x: 2 }], schema: DECLARED },
  'a value that the schema does not take': { rows: [{ k: 1, v: 'x' }], schema: DECLARED },
  '`{}`': { rows: [{}] },
  "two records: `NaN`, then `'x'`": { rows: [{ v: Number.NaN }, { v: 'x' }] },
  'two records: `1`, then `2n ** 53n + 1n`': { rows: [{ v: 1 }, { v: 2n ** 53n + 1n }] },
  'two records: `0.5`, then `2n ** 53n + 1n`': { rows: [{ v: 0.5 }, { v: 2n ** 53n + 1n }] },
  "two records: only a `v`, `null`, then `'x'`": { rows: [{ v: null }, { v: 'x' }] },
  'no records': { rows: [] },
  'no records, with a schema': { rows: [], schema: DECLARED },
}

function value(v: unknown): Example {
  return { rows: [{ k: 1, v }] }
}

describe('docs/values.md', () => {
  test('says what the formats do', async () => {
    const lines = ['| | JSONL | CSV | Parquet |', '|---|---|---|---|']
    for (const [name, example] of Object.entries(EXAMPLES)) {
      const cells = [
        name,
        await outcome(jsonl(), example, textCell),
        await outcome(csv(), example, textCell),
        await outcome(parquet(), example, parquetCell),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
    const page = await readFile(PAGE, 'utf8')
    const table = `<!-- table -->\n${lines.join('\n')}\n<!-- /table -->`
    // `vitest run -u` writes the page anew; then read what changed.
    await expect(
      page.replace(/<!-- table -->[\s\S]*<!-- \/table -->/, () => table),
    ).toMatchFileSnapshot(PAGE.pathname)
  })
})

type ReadCell = (file: Uint8Array<ArrayBuffer>, schema: Schema) => string | Promise<string>

async function outcome(format: Format, { rows, schema }: Example, read: ReadCell): Promise<string> {
  for (const row of rows) {
    const rejection = format.check(row)
    if (rejection) return `refused: ${rejection.message}`
  }
  const inferrer = schemaInferrer()
  inferrer.add(rows)
  try {
    return await read(await encode(format, rows, schema), schema ?? inferrer.schema())
  } catch (error) {
    if (!isSluiceError(error, 'invalid-record')) throw error
    return `write fails: ${error.message}`
  }
}

function textCell(file: Uint8Array): string {
  const text = new TextDecoder().decode(file)
  return text === '' ? 'no bytes' : code(text.replace(/\n$/, '').replaceAll('\n', '⏎'))
}

/** What both readers find, if they agree. */
async function parquetCell(file: Uint8Array<ArrayBuffer>, schema: Schema): Promise<string> {
  const rows = await parquetByHyparquet(file)
  if (schema.fields.length === 0) return `a file without columns, ${rows.length} rows`
  expect(await parquetByDuckdb(file, schema)).toEqual(rows)
  const name = schema.fields.find((field) => field.name !== 'k')?.name ?? 'k'
  const type = schema.fields.find((field) => field.name === name)?.type
  const values = rows.map((row) => code(show(row[name])))
  return `${type}: ${values.join(', ') || 'no rows'}`
}

function show(read: unknown): string {
  if (read instanceof Date) return read.toISOString()
  if (read instanceof Uint8Array) return `bytes ${Array.from(read).join(' ')}`
  if (typeof read === 'bigint') return `${read}n`
  if (typeof read === 'number') return Object.is(read, -0) ? '-0' : String(read)
  if (Array.isArray(read)) return `[${read.map(show).join(',')}]`
  if (typeof read !== 'object' || read === null) return JSON.stringify(read)
  return `{${Object.entries(read)
    .map(([key, member]) => `"${key}":${show(member)}`)
    .join(',')}}`
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}
