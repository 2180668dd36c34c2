import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../../src/contracts/index.ts'
import { fromUtf8Strict, utf8 } from '../../../../src/core/bytes.ts'
import { encodeColumnChunk } from '../../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import type {
  ColumnChunkMetadata,
  Leaf,
  LeafData,
} from '../../../../src/formats/parquet/chunk/leaf.ts'
import { compileKernels, kernelsOf } from '../../../../src/formats/parquet/kernels.ts'
import { flatLeaf, nullableData, requiredData, texts, type Value } from './leaves.ts'

const kernels = kernelsOf(compileKernels())

async function metadataOf(
  leaf: Leaf,
  data: LeafData,
  pageRows = 20_000,
): Promise<ColumnChunkMetadata> {
  const { metadata } = await encodeColumnChunk(kernels, leaf, data, { codec: 'none', pageRows })
  return metadata
}

/** Least and greatest, as plain values. */
async function bounds(leaf: Leaf, values: readonly Value[]): Promise<unknown> {
  const { bounds } = await metadataOf(leaf, requiredData(leaf.physical, values))
  return bounds && [bounds.min, bounds.max].map((bound) => [...bound])
}

const plain = (array: ArrayBufferView): number[] => [
  ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
]
const lexicographic = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

describe('bounds', () => {
  test('of signed and of unsigned integers', async () => {
    expect(await bounds(flatLeaf('int32'), [3, -1, 2])).toEqual([
      plain(Int32Array.of(-1)),
      plain(Int32Array.of(3)),
    ])
    expect(await bounds(flatLeaf('int32', { order: 'unsigned' }), [3, -1, 2])).toEqual([
      plain(Int32Array.of(2)),
      plain(Int32Array.of(-1)),
    ])
    expect(await bounds(flatLeaf('int64'), [3n, -(2n ** 63n), 2n])).toEqual([
      plain(BigInt64Array.of(-(2n ** 63n))),
      plain(BigInt64Array.of(3n)),
    ])
    expect(await bounds(flatLeaf('int64', { order: 'unsigned' }), [3n, -1n, 2n])).toEqual([
      plain(BigInt64Array.of(2n)),
      plain(BigInt64Array.of(-1n)),
    ])
  })

  test('of booleans', async () => {
    expect(await bounds(flatLeaf('boolean'), [true, false])).toEqual([[0], [1]])
    expect(await bounds(flatLeaf('boolean'), [true, true])).toEqual([[1], [1]])
  })

  test('of numbers, with both zeros inside', async () => {
    expect(await bounds(flatLeaf('double'), [0, 1.5])).toEqual([
      plain(Float64Array.of(-0)),
      plain(Float64Array.of(1.5)),
    ])
    expect(await bounds(flatLeaf('float'), [-0, -1.5])).toEqual([
      plain(Float32Array.of(-1.5)),
      plain(Float32Array.of(0)),
    ])
    const half = flatLeaf('fixed', { order: 'float16' })
    const halves = [0x3c00, 0xbc00, 0x8000].map(
      (bits) => new Uint8Array(Uint16Array.of(bits).buffer),
    )
    expect(await bounds(half, halves)).toEqual([
      plain(Uint16Array.of(0xbc00)),
      plain(Uint16Array.of(0x3c00)),
    ])
    expect(await bounds(half, [halves[2] as Bytes])).toEqual([
      plain(Uint16Array.of(0x8000)),
      plain(Uint16Array.of(0)),
    ])
  })

  test.each([
    ['double', Number.NaN],
    ['float', Number.NaN],
    ['fixed', new Uint8Array(Uint16Array.of(0x7e00).buffer)],
  ] as const)('are absent where a %s is NaN, which is counted', async (kind, nan) => {
    const leaf = flatLeaf(kind, kind === 'fixed' ? { order: 'float16' } : {})
    const one = kind === 'fixed' ? new Uint8Array(Uint16Array.of(0x3c00).buffer) : 1
    const metadata = await metadataOf(leaf, requiredData(kind, [one, nan, one, nan]))
    expect(metadata.nanCount).toBe(2)
    expect([metadata.bounds, metadata.columnIndex]).toEqual([undefined, undefined])
    expect(await metadataOf(leaf, requiredData(kind, [one]))).toMatchObject({ nanCount: 0 })
  })

  test('of byte strings, whatever they begin with', async () => {
    const value = fc.tuple(
      fc.constantFrom('', 'same-', 'same-beginning-'),
      fc.string({ unit: 'binary' }),
    )
    const values = fc.array(
      value.map(([a, b]) => utf8(a + b)),
      { minLength: 1, maxLength: 200 },
    )
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const short = given.filter(({ byteLength }) => byteLength <= 64)
        fc.pre(short.length > 0)
        const sorted = short.toSorted(lexicographic)
        expect(await bounds(flatLeaf('bytes'), short)).toEqual([
          [...(sorted[0] as Bytes)],
          [...(sorted.at(-1) as Bytes)],
        ])
      }),
    )
  })

  test('of values of one width: as bytes, and as decimals', async () => {
    const values = [
      [0x00, 0x01],
      [0xff, 0xfe],
      [0x7f, 0x00],
      [0x80, 0x00],
    ].map((value) => Uint8Array.from(value))
    expect(await bounds(flatLeaf('fixed'), values)).toEqual([
      [0x00, 0x01],
      [0xff, 0xfe],
    ])
    expect(await bounds(flatLeaf('fixed', { order: 'decimal' }), values)).toEqual([
      [0x80, 0x00],
      [0x7f, 0x00],
    ])
  })

  test('are none without an order', async () => {
    const metadata = await metadataOf(
      flatLeaf('bytes', { order: 'none' }),
      requiredData('bytes', texts('a')),
    )
    expect(metadata).toMatchObject({ nullCount: 0 })
    expect([metadata.bounds, metadata.columnIndex]).toEqual([undefined, undefined])
  })
})

describe('long bounds', () => {
  const boundsOf = async (...values: Bytes[]) =>
    (await metadataOf(flatLeaf('bytes'), requiredData('bytes', values))).bounds

  test('are cut, the greatest to something greater', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', minLength: 10, maxLength: 90 }).map(utf8),
          fc.uint8Array({ minLength: 60, maxLength: 90 }) as fc.Arbitrary<Bytes>,
        ),
        async (value) => {
          const found = await boundsOf(value)
          if (!found) return
          const { min, max, isMinExact, isMaxExact } = found
          const isShort = value.byteLength <= 64
          expect([isMinExact, isMaxExact]).toEqual([isShort, isShort])
          expect(min.byteLength).toBeLessThanOrEqual(64)
          expect(max.byteLength).toBeLessThanOrEqual(64)
          expect(lexicographic(min, value)).toBe(isShort ? 0 : -1)
          expect(lexicographic(max, value)).toBe(isShort ? 0 : 1)
          // Readers take the bounds of a text for texts.
          if (fromUtf8Strict(value) === undefined) return
          expect([min, max].map(fromUtf8Strict)).not.toContain(undefined)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('end with a whole character', async () => {
    const found = await boundsOf(utf8(`${'a'.repeat(62)}\u{10ffff}z`))
    expect(fromUtf8Strict(found?.min as Bytes)).toBe('a'.repeat(62))
    expect(fromUtf8Strict(found?.max as Bytes)).toBe(`${'a'.repeat(61)}b`)
    const beforeSurrogates = await boundsOf(utf8(`${'a'.repeat(61)}\ud7ffz`))
    expect(fromUtf8Strict(beforeSurrogates?.max as Bytes)).toBe(`${'a'.repeat(61)}\ue000`)
  })

  test('are none where nothing short is greater', async () => {
    expect(await boundsOf(utf8('\u{10ffff}'.repeat(17)))).toBeUndefined()
    expect(await boundsOf(new Uint8Array(65).fill(0xff))).toBeUndefined()
    expect(
      await boundsOf(Uint8Array.of(...new Uint8Array(63).fill(0xff), 0xfe, 0xfe)),
    ).toMatchObject({
      max: new Uint8Array(64).fill(0xff),
    })
  })

  test('are exact where a value is what another was cut to', async () => {
    const cut = `${'a'.repeat(63)}b`
    const data = requiredData('bytes', texts(`${'a'.repeat(64)}`, cut))
    const { bounds, columnIndex } = await metadataOf(flatLeaf('bytes'), data, 1)
    expect(bounds).toMatchObject({ isMinExact: true, isMaxExact: true })
    const both = requiredData('bytes', texts(`${'a'.repeat(65)}`, 'a'.repeat(64), cut))
    expect((await metadataOf(flatLeaf('bytes'), both, 1)).bounds).toEqual({
      ...{ min: utf8('a'.repeat(64)), max: utf8(cut), isMinExact: true, isMaxExact: true },
    })
    expect(columnIndex?.boundaryOrder).toBe('ascending')
  })
})

describe('column index', () => {
  const index = async (leaf: Leaf, rows: readonly (Value | null)[], pageRows: number) =>
    (await metadataOf({ ...leaf, maxDefinition: 1 }, nullableData(leaf.physical, rows), pageRows))
      .columnIndex

  test('has an entry for each page, empty where all is null', async () => {
    expect(await index(flatLeaf('int32'), [1, 2, null, null, 3, null], 2)).toEqual({
      nullPages: [false, true, false],
      minValues: [Uint8Array.of(1, 0, 0, 0), new Uint8Array(0), Uint8Array.of(3, 0, 0, 0)],
      maxValues: [Uint8Array.of(2, 0, 0, 0), new Uint8Array(0), Uint8Array.of(3, 0, 0, 0)],
      nullCounts: [0, 2, 1],
      boundaryOrder: 'ascending',
    })
  })

  test.each([
    ['int32', {}, [-1, 2, 3], 'ascending'],
    ['int32', { order: 'unsigned' }, [-1, 3, 2], 'descending'],
    ['int32', {}, [1, 3, 2], 'unordered'],
    ['int64', {}, [-5n, 1n], 'ascending'],
    ['int64', { order: 'unsigned' }, [-5n, 1n], 'descending'],
    ['double', {}, [-1.5, 0, 2], 'ascending'],
    ['float', {}, [1, -1], 'descending'],
    ['boolean', {}, [true, false], 'descending'],
    ['bytes', {}, texts('b', 'ab', 'aa'), 'descending'],
    ['fixed', {}, [Uint8Array.of(1), Uint8Array.of(0xff)], 'ascending'],
    ['fixed', { order: 'decimal' }, [Uint8Array.of(1), Uint8Array.of(0xff)], 'descending'],
    ['fixed', { order: 'float16' }, [Uint8Array.of(0, 0xbc), Uint8Array.of(0, 0x3c)], 'ascending'],
  ] as const)('knows the order of pages of %s %o', async (kind, options, rows, order) => {
    expect((await index(flatLeaf(kind, options), rows, 1))?.boundaryOrder).toBe(order)
  })
})
