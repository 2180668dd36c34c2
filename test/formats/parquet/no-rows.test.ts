import { describe, expect, test } from 'vitest'
import type { Format, Row, Schema } from '../../../src/contracts/index.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { encode, parquetByHyparquet } from '../readers.ts'

const schema: Schema = { fields: [{ name: 'v', type: 'int32', nullable: true }] }
const fallback = (): Format =>
  parquetFormat({ onFallback: () => {} }, () => {
    throw new WebAssembly.CompileError()
  })

const formats: readonly (readonly [string, () => Format])[] = [
  ['the kernels', parquet],
  ['the fallback', fallback],
]

describe.each(formats)('by %s', (_, create) => {
  describe.each([
    ['declared columns', schema],
    ['inferred columns', undefined],
  ])('and %s', (_, columns) => {
    test.each<[string, unknown, string]>([
      ['null', null, 'an object'],
      ['nothing', undefined, 'a undefined'],
      ['a number', 5, '5'],
      ['a text', 'x', 'the string "x"'],
      ['an array', [1], 'an array'],
      ['an empty array', [], 'an array'],
      ['a Map', new Map(), 'a Map'],
      ['a Date', new Date(0), 'a Date'],
      ['bytes', Uint8Array.of(1), 'bytes'],
    ])('%s is no row', async (_, value) => {
      for (const count of [1, 40]) {
        const rows = Array.from({ length: count }, (_, v) => ({ v })) as Row[]
        for (const given of [
          [...rows, value as Row],
          [...rows, value as Row, ...rows],
        ]) {
          await expect(encode(create(), given, columns)).rejects.toMatchObject({
            name: 'SluiceError',
            code: 'invalid-record',
            message: expect.stringMatching(
              new RegExp(`^Row ${count} of the file: a row is an object of its columns, not `),
            ),
          })
        }
      }
    })

    test.each<[string, unknown]>([
      ['a text', 'ab'],
      ['an empty text', ''],
      ['a number', 5],
      ['nothing', undefined],
      ['null', null],
      ['a row', { v: 1 }],
    ])('%s is no list of rows', async (_, given) => {
      await expect(encode(create(), given as never, columns)).rejects.toMatchObject({
        name: 'SluiceError',
        code: 'invalid-record',
        message: expect.stringContaining('[{ id: 1 }]'),
      })
    })

    test('objects of a class, and of no class, are rows', async () => {
      class Point {
        readonly v = 5
      }
      const bare = Object.assign(Object.create(null) as Row, { v: 6 })
      const rows = [new Point() as unknown as Row, bare]
      expect(await parquetByHyparquet(await encode(create(), rows, columns))).toEqual([
        { v: 5 },
        { v: 6 },
      ])
    })
  })

  test.each<[Row, string]>([
    [{ a: 1, '\ud800': 1, '\ud801': 2 }, 'has a key with a lone surrogate'],
    [{ a: { '\udfff': 1 } }, '/a has a key with a lone surrogate'],
    [{ a: 'x\ud800' }, '/a holds a lone surrogate, which UTF-8 cannot express'],
    [{ a: { b: ['\ud800'] } }, '/a/b/0 holds a lone surrogate, which UTF-8 cannot express'],
    [{ a: { b: Number.NaN } }, '/a/b is NaN, which has no text in JSON'],
    [{ a: () => 1 }, '/a is a function, which has no text in JSON'],
    [{ a: new Date(Number.NaN) }, '/a is an invalid Date'],
  ])('what no inferred column can hold is told at once: %j', async (row, why) => {
    const encoder = create().encoder()
    await expect(async () => encoder.write([{ a: 1 }, row])).rejects.toMatchObject({
      code: 'invalid-record',
      message: expect.stringMatching(/^Row 1 of the file: /),
    })
    const again = create().encoder()
    await expect(async () => again.write([{ a: 1 }, row])).rejects.toThrow(why)
  })
})
