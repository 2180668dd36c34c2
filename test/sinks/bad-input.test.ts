import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Format, Row, Schema } from '../../src/contracts/index.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { bench } from './harness.ts'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = { d: value }
  return value
}

const own = (text: string): Row => JSON.parse(text) as Row
const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

/** A record, and what becomes of it: the path of its rejection, or what the file says. */
const CASES: readonly (readonly [string, Row, { jsonl: string; csv: string; parquet: string }])[] =
  [
    ['NaN', { v: Number.NaN }, { jsonl: '/v', csv: 'v\nNaN\n', parquet: 'NaN' }],
    ['an infinity', { v: -1 / 0 }, { jsonl: '/v', csv: 'v\n-Infinity\n', parquet: '-Infinity' }],
    ['a NaN within', { v: [Number.NaN] }, all('/v/0')],
    ['a lone surrogate', { v: 'a\ud800' }, all('/v')],
    ['a lone surrogate within', { v: { deep: ['\udc00'] } }, all('/v/deep/0')],
    ['a lone surrogate in a key', { '\ud800': 1 }, all('')],
    [
      'a huge integer',
      { v: 2n ** 64n },
      {
        jsonl: '{"v":18446744073709551616}\n',
        csv: 'v\n18446744073709551616\n',
        parquet: '18446744073709552000',
      },
    ],
    [
      'a large integer',
      { v: 2n ** 63n - 1n },
      {
        jsonl: '{"v":9223372036854775807}\n',
        csv: 'v\n9223372036854775807\n',
        parquet: '9223372036854775807',
      },
    ],
    ['what is nested too deep', { v: nested(100) }, all(`/v${'/d'.repeat(63)}`, true)],
    ['a cycle', { v: cyclic }, all(`/v${'/self'.repeat(63)}`, true)],
    ['an invalid date', { v: new Date(Number.NaN) }, all('/v')],
    ['a function', { v: () => 1 }, all('/v')],
    ['a map', { v: new Map() }, all('/v')],
    [
      'a key __proto__',
      own('{"v":1,"__proto__":{"v":2}}'),
      {
        jsonl: '{"v":1,"__proto__":{"v":2}}\n',
        csv: 'v,__proto__\n1,"{""v"":2}"\n',
        parquet: '1',
      },
    ],
    [
      'keys that objects inherit',
      own('{"v":1,"constructor":"c"}'),
      { jsonl: '{"v":1,"constructor":"c"}\n', csv: 'v,constructor\n1,c\n', parquet: '1' },
    ],
  ]

function all(path: string, startsWith = false) {
  const expected = startsWith ? path.slice(0, 100) : path
  return { jsonl: expected, csv: expected, parquet: expected }
}

const FORMATS: Readonly<Record<'jsonl' | 'csv' | 'parquet', () => Format>> = { jsonl, csv, parquet }

describe.each(Object.entries(FORMATS))('through a sink of %s files', (name, format) => {
  test.each(CASES)('%s', async (_, row, outcomes) => {
    const expected = outcomes[name as keyof typeof outcomes]
    const { sink, store } = bench({ format: format() })
    const { accepted, rejected } = await sink.write([{ v: 0 }, row])
    const { files } = await sink.close()
    const isRefused = expected === '' || expected.startsWith('/')
    expect([accepted, files.length]).toEqual(isRefused ? [1, 2] : [2, 1])
    if (isRefused) {
      expect(rejected).toMatchObject([{ index: 1, code: 'invalid-record' }])
      expect(rejected[0]?.path.slice(0, 100)).toBe(expected)
      const letters = files.find(({ lane }) => lane.partition === '_rejected')
      const text = await (await store.get(letters?.key ?? ''))?.text()
      expect(JSON.parse(text ?? '')).toMatchObject({
        error: 'invalid-record',
        path: rejected[0]?.path,
      })
      return
    }
    // The record beside it has the same column and no other.
    const body = await (await store.get(files[0]?.key ?? ''))?.bytes()
    if (name === 'parquet') {
      const read = await parquetReadObjects({ file: body?.slice().buffer as ArrayBuffer })
      expect(String(read[1]?.v)).toBe(expected)
      return
    }
    const text = new TextDecoder().decode(body)
    if (name === 'jsonl') expect(text).toBe(`{"v":0}\n${expected}`)
    else expect(text.split('\n')[2]).toBe(expected.split('\n')[1])
  })

  test('a value that would leave the prefix names no file but its own', async () => {
    const { sink, store } = bench({ format: format(), partition: ['v'] })
    const hostile = [
      '..',
      '.',
      '../../x',
      '/etc',
      'a/b',
      '%2e%2e',
      'a\nb',
      'a b',
      '\u0000',
      '_rejected',
    ]
    const { accepted } = await sink.write(hostile.map((v) => ({ v })))
    expect(accepted).toBe(hostile.length)
    await sink.close()
    for await (const entry of store.list()) {
      if (entry.kind !== 'object') continue
      expect(entry.key).toMatch(/^s\/v=[A-Za-z0-9%_.~-]+\/0-auto-\d{19}-\d{19}\.[a-z]+$/)
      expect(entry.key.split('/')).toHaveLength(3)
    }
    const long = bench({ format: format(), partition: ['v'] }).sink
    expect(await long.write([{ v: 'x'.repeat(1100) }, { v: 'y' }])).toMatchObject({ accepted: 1 })
    await long.close()
  })
})

describe('of declared columns, a row of Parquet that does not fit', () => {
  const schema: Schema = {
    fields: [
      { name: 'n', type: 'int64', nullable: false },
      { name: 'small', type: 'uint8', nullable: true },
      { name: 'text', type: 'string', nullable: true },
      { name: 'any', type: 'variant', nullable: true },
    ],
  }

  test.each<[Row, string, string]>([
    [{ n: '1' }, '/n', 'not the string "1"'],
    [{ n: 2n ** 63n }, '/n', 'not the bigint 9223372036854775808'],
    [{ n: 1, small: 256 }, '/small', 'not 256'],
    [{ n: 1, text: 'a\ud800' }, '/text', 'a lone surrogate'],
    [{ n: 1, any: { a: ['\ud800'] } }, '/any/a/0', 'a lone surrogate'],
    [{ n: 1, any: cyclic }, `/any${'/self'.repeat(19)}`, 'in a cycle'],
    [{ small: 1 }, '/n', 'is missing'],
  ])('%o is a dead letter, and the file goes on', async (row, path, why) => {
    const { sink, store } = bench({ format: parquet(), schema })
    const { accepted, rejected } = await sink.write([{ n: 1 }, row, { n: 2n ** 62n, small: 255 }])
    expect([accepted, rejected.map(({ index, code }) => [index, code])]).toEqual([
      2,
      [[1, 'invalid-record']],
    ])
    expect(rejected[0]?.path.slice(0, 100)).toMatch(path)
    expect(rejected[0]?.message).toContain(why)
    const { files } = await sink.close()
    const bodies = files.map(async ({ key, lane }) => {
      const body = await (await store.get(key))?.bytes()
      return [lane.partition, body?.slice() ?? new Uint8Array()] as const
    })
    const { '': file, _rejected: letter } = Object.fromEntries(await Promise.all(bodies))
    const read = await parquetReadObjects({ file: file?.buffer as ArrayBuffer })
    expect(read.map(({ n, small }) => [n, small])).toEqual([
      [1n, null],
      [2n ** 62n, 255],
    ])
    expect(JSON.parse(new TextDecoder().decode(letter))).toMatchObject({ error: 'invalid-record' })
  })
})
