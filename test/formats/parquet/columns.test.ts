import { parquetMetadata } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type {
  Bytes,
  EncoderCheckpoint,
  FieldType,
  Row,
  Schema,
} from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import {
  type Columns,
  type ParquetColumnsOptions,
  parquetColumns,
} from '../../../src/formats/parquet/columns/index.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { encode, parquetByHyparquet } from '../readers.ts'

async function file(options: ParquetColumnsOptions, ...parts: readonly Columns[]): Promise<Bytes> {
  const encoder = parquetColumns(options)
  const chunks = []
  for (const part of parts) chunks.push(...(await encoder.write(part)))
  return concatBytes([...chunks, ...(await encoder.close()).chunks])
}

const schema = (types: Readonly<Record<string, FieldType>>): Schema => ({
  fields: Object.entries(types).map(([name, type]) => ({ name, type, nullable: true })),
})

describe('columns', () => {
  const types: Readonly<Record<string, FieldType>> = {
    id: 'int32',
    long: 'int64',
    at: 'timestamp',
    day: 'date',
    ratio: 'double',
    city: 'string',
    tags: { kind: 'list', element: { type: 'string', nullable: true } },
  }
  const count = 2500
  const numbers = Array.from({ length: count }, (_, i) => i)
  const columns: Columns = {
    id: Int32Array.from(numbers),
    long: BigInt64Array.from(numbers, (i) => 2n ** 60n + BigInt(i)),
    at: BigInt64Array.from(numbers, (i) => BigInt(i * 1000)),
    day: Int32Array.from(numbers),
    ratio: Float64Array.from(numbers, (i) => i / 7),
    city: numbers.map((i) => (i % 5 ? `c${i % 10}` : null)),
    tags: numbers.map((i) => (i % 3 ? [`t${i}`, null] : [])),
  }
  const rows = numbers.map((i): Row => {
    const row = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, column[i]]),
    )
    return { ...row, at: new Date(i * 1000), day: new Date(i * 86_400_000) }
  })

  test('make the file that rows make', async () => {
    const options = { rowGroupRows: 1000, metadata: { a: 'b' } }
    const expected = await encode(parquet(options), rows, schema(types))
    expect(equalBytes(await file({ ...options, schema: schema(types) }, columns), expected)).toBe(
      true,
    )
  })

  test('make the same file however they are cut', async () => {
    for (const options of [{ rowGroupRows: 700 }, { rowGroupBytes: 30_000 }]) {
      const whole = await file({ ...options, schema: schema(types) }, columns)
      expect(parquetMetadata(whole.buffer).row_groups.length).toBeGreaterThan(2)
      for (const size of [1, 333, 1024, 2000]) {
        const parts: Columns[] = []
        for (let i = 0; i < count; i += size) {
          parts.push(
            Object.fromEntries(
              Object.entries(columns).map(([name, column]) => [
                name,
                (column as unknown[]).slice(i, i + size),
              ]),
            ),
          )
        }
        expect(equalBytes(await file({ ...options, schema: schema(types) }, ...parts), whole)).toBe(
          true,
        )
      }
    }
  })

  test('have the types of their arrays, or of what is in them', async () => {
    const read = await file(
      {},
      {
        a: Uint8Array.of(255),
        b: Uint32Array.of(2 ** 32 - 1),
        c: BigUint64Array.of(2n ** 64n - 1n),
        d: Float32Array.of(0.5),
        e: [new Date(5)],
        f: [null],
      },
    )
    expect(await parquetByHyparquet(read)).toEqual([
      { a: 255, b: 2 ** 32 - 1, c: 2n ** 64n - 1n, d: 0.5, e: new Date(5), f: null },
    ])
    expect(
      parquetMetadata(read.buffer)
        .schema.slice(1)
        .map(({ repetition_type }) => repetition_type),
    ).toEqual([...Array(5).fill('REQUIRED'), 'OPTIONAL'])
  })

  test('of wider types, and doubles among 64 bits, keep their values', async () => {
    const encoder = parquetColumns({ schema: schema({ v: 'int64' }) })
    const parts = [
      Int8Array.of(-1),
      [2 ** 40],
      BigInt64Array.of(-(2n ** 63n)),
      Uint16Array.of(9),
      [null],
    ]
    const chunks = []
    for (const v of parts) chunks.push(...(await encoder.write({ v })))
    const read = concatBytes([...chunks, ...(await encoder.close()).chunks])
    expect(await parquetByHyparquet(read)).toEqual(
      [-1n, 2n ** 40n, -(2n ** 63n), 9n, null].map((v) => ({ v })),
    )
  })

  test.each(['declared', 'inferred'])('that are %s go on from a checkpoint', async (columnsAre) => {
    const { tags: _, city: __, ...plain } = columns
    const options = {
      rowGroupRows: 1000,
      ...(columnsAre === 'declared' && { schema: schema(types) }),
    }
    const whole = await file(options, plain)
    const slice = (from: number, to?: number): Columns =>
      Object.fromEntries(
        Object.entries(plain).map(([name, column]) => [
          name,
          (column as unknown[]).slice(from, to),
        ]),
      )
    const first = parquetColumns(options)
    expect(first.checkpoint()).toBe(undefined)
    const begun = concatBytes(await first.write(slice(0, 1500)))
    const from = first.checkpoint()
    expect(from).toMatchObject({ rows: 1000, bytes: begun.byteLength })
    const rest = await file({ ...options, from }, slice(1000))
    expect(equalBytes(concatBytes([begun, rest]), whole)).toBe(true)
    expect(() => parquetColumns({ ...options, codec: 'none', from })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
    const rows = { schema: schema(types), from: from as EncoderCheckpoint }
    expect(() => parquet({ rowGroupRows: 1000 }).encoder(rows)).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
  })

  test.runIf('Float16Array' in globalThis)('of halves are halves', async () => {
    const { Float16Array } = globalThis as unknown as {
      Float16Array: { of(...values: number[]): ArrayLike<number> }
    }
    const read = await file({}, { v: Float16Array.of(0.5, -0, Number.NaN, 65_504) })
    expect(parquetMetadata(read.buffer).schema[1]?.logical_type).toEqual({ type: 'FLOAT16' })
    expect(await parquetByHyparquet(read)).toEqual(
      [0.5, -0, Number.NaN, 65_504].map((v) => ({ v })),
    )
  })

  test('that a write leaves out are null', async () => {
    const read = await file(
      { schema: schema({ a: 'int32', b: 'string' }) },
      { b: ['x'] },
      { a: [1] },
    )
    expect(await parquetByHyparquet(read)).toEqual([
      { a: null, b: 'x' },
      { a: 1, b: null },
    ])
  })

  test('of numbers hold one NaN, whatever its bits were', async () => {
    const doubles = (bits: bigint): Columns => ({
      v: new Float64Array(BigUint64Array.of(bits, 0n).buffer),
    })
    const floats = (bits: number): Columns => ({
      v: new Float32Array(Uint32Array.of(bits, 0).buffer),
    })
    const expected = [await file({}, doubles(0x7ff8n << 48n)), await file({}, floats(0x7fc00000))]
    expect([
      await file({}, doubles(0xfff8_0000_0000_0001n)),
      await file({}, floats(0xffc00001)),
    ]).toEqual(expected)
  })

  test('none at all make an empty file', async () => {
    expect(await parquetByHyparquet(await file({ schema: schema({ a: 'int32' }) }))).toEqual([])
  })

  test.each([
    [{ a: [1, 2], b: ['x'] }, '/b has 1 values, and the columns before it have 2'],
    [{ z: [1] }, '/z is not a column of the schema'],
    [{ a: [1, 2 ** 40] }, 'Row 4 of the file: /a needs an integer of 32 bits, not 1099511627776'],
    [
      { c: [Uint8Array.of(1, 2), Uint8Array.of(1)] },
      'Row 4 of the file: /c needs a Uint8Array of 2 bytes, not bytes',
    ],
    [{ a: Float64Array.of(0.5) }, 'Row 3 of the file: /a needs an integer of 32 bits, not 0.5'],
    [
      { b: ['x', '\ud800'] },
      'Row 4 of the file: /b holds a lone surrogate, which UTF-8 cannot express',
    ],
  ])('that do not fit are refused: %j', async (part, message) => {
    const types = { a: 'int32', b: 'string', c: { kind: 'bytes', length: 2 } } as const
    const encoder = parquetColumns({ schema: schema(types), rowGroupRows: 2 })
    await encoder.write({ a: Int8Array.of(1, 2, 3) })
    expect(() => encoder.write(part as Columns)).toThrow(
      expect.objectContaining({ code: 'invalid-record', message }),
    )
  })
})
