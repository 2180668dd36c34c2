import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import type { FieldType, Row } from '../../src/contracts/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { encode } from '../formats/readers.ts'
import { runHere, temporaryFolder } from './tools.ts'

const moment = (unit: 'ms' | 'us' | 'ns', utc: boolean): FieldType => ({
  kind: 'timestamp',
  unit,
  utc,
})

async function headOf(rows: readonly Row[], type: FieldType): Promise<string> {
  const path = join(await temporaryFolder(), 'file.parquet')
  const schema = { fields: [{ name: 'v', type, nullable: true }] }
  await writeFile(path, await encode(parquet(), rows, schema))
  const { status, stdout, stderr } = await runHere(['head', path])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

const CASES: readonly (readonly [name: string, type: FieldType, value: unknown, text: string])[] = [
  ['bytes', 'bytes', Uint8Array.of(1, 2, 255), '"AQL/"'],
  ['bytes that are text', 'bytes', Uint8Array.of(65, 66), '"QUI="'],
  ['no bytes', 'bytes', new Uint8Array(0), '""'],
  ['bytes of one length', { kind: 'bytes', length: 2 }, Uint8Array.of(1, 2), '"AQI="'],
  ['text', 'string', 'né', '"né"'],
  ['a word of an enum', 'enum', 'red', '"red"'],
  ['a day', 'date', '2026-11-21', '"2026-11-21"'],
  ['a day before 1970', 'date', '-000001-12-31', '"-000001-12-31"'],
  ['a moment', 'timestamp', new Date(5), '"1970-01-01T00:00:00.005Z"'],
  [
    'a moment in us',
    moment('us', true),
    '2026-11-21T00:00:00.123456Z',
    '"2026-11-21T00:00:00.123456Z"',
  ],
  [
    'a moment without a zone',
    moment('ns', false),
    '1969-11-21T00:00:00.123456789',
    '"1969-11-21T00:00:00.123456789"',
  ],
  ['a time', { kind: 'time', unit: 'us', utc: false }, '12:34:56.123456', '"12:34:56.123456"'],
  ['a decimal', { kind: 'decimal', precision: 9, scale: 2 }, '0.57', '"0.57"'],
  [
    'a decimal beyond doubles',
    { kind: 'decimal', precision: 38, scale: 2 },
    '-123456789012345678901234567890.57',
    '"-123456789012345678901234567890.57"',
  ],
  [
    'a UUID',
    'uuid',
    '123e4567-e89b-12d3-a456-426614174000',
    '"123e4567-e89b-12d3-a456-426614174000"',
  ],
  ['JSON', 'json', { a: 2n ** 70n, b: [-0] }, '{"a":1180591620717411303424,"b":[-0]}'],
  ['a variant', 'variant', { a: 'x', b: 2n ** 60n }, '{"a":"x","b":1152921504606846976}'],
  ['the largest integer', 'uint64', 2n ** 64n - 1n, '18446744073709551615'],
]

describe('head of Parquet prints what docs/values.md says of', () => {
  test.each(CASES)('%s', async (_, type, value, text) => {
    expect(await headOf([{ v: value }, { v: null }], type)).toBe(`{"v":${text}}\n{"v":null}\n`)
  })

  test.each(CASES)('%s, in a list and in a struct', async (_, type, value, text) => {
    const held: FieldType = {
      kind: 'list',
      element: {
        type: { kind: 'struct', fields: [{ name: 'f', type, nullable: true }] },
        nullable: true,
      },
    }
    const rows = [{ v: [{ f: value }, { f: null }, null] }, { v: [] }]
    expect(await headOf(rows, held)).toBe(`{"v":[{"f":${text}},{"f":null},null]}\n{"v":[]}\n`)
  })

  test.each(CASES.filter(([, type]) => type !== 'json' && type !== 'variant'))(
    '%s, as a key and a value of a map',
    async (_, type, value, text) => {
      const held: FieldType = { kind: 'map', key: type, value: { type, nullable: true } }
      const key = text.startsWith('"') ? text : `"${text}"`
      expect(await headOf([{ v: new Map([[value, value]]) }], held)).toBe(
        `{"v":{${key}:${text}}}\n`,
      )
    },
  )
})

test('head of what others write as bytes, intervals and lists of lists', async () => {
  const path = join(await temporaryFolder(), 'file.parquet')
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run(
    `COPY (SELECT '\\x00\\xFF'::BLOB AS b, INTERVAL 1 DAY AS i, [[1.5::DECIMAL(4, 2)], []] AS l) TO '${path}'`,
  )
  connection.closeSync()
  expect(await runHere(['head', path])).toEqual({
    status: 0,
    stdout: '{"b":"AP8=","i":"AAAAAAEAAAAAAAAA","l":[["1.50"],[]]}\n',
    stderr: '',
  })
})
