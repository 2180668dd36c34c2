import fc from 'fast-check'
import { snappyUncompress } from 'hyparquet/src/snappy.js'
import { xxhash64 } from 'hyparquet/src/xxhash.js'
import { describe, expect, test } from 'vitest'
import { crc } from '../../../../src/core/crc.ts'
import { encodeColumnChunk } from '../../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import { snappyBound } from '../../../../src/formats/parquet/chunk/snappy-bound.ts'
import { compileKernels, Kernels } from '../../../../src/formats/parquet/kernels.ts'
import { bloomFilterHeader } from '../../../../src/formats/parquet/thrift/page-header.ts'
import { flatLeaf, requiredData } from './leaves.ts'

const kernels = new Kernels(compileKernels())

function snappy(bytes: Uint8Array): Uint8Array {
  kernels.begin('A test')
  const from = kernels.copyIn(bytes)
  const to = kernels.allocate(snappyBound(bytes.byteLength))
  const length = kernels.functions.snappy(from, bytes.byteLength, to)
  expect(length).toBeLessThanOrEqual(snappyBound(bytes.byteLength))
  const compressed = kernels.copyOut(to, length)
  kernels.end()
  return compressed
}

/** Pieces of bytes that were there before, from near and far. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.nat(), fc.nat(300)), { maxLength: 40 })
  .map((pieces) => {
    const bytes: number[] = []
    for (const [fresh, back, length] of pieces) {
      bytes.push(...fresh)
      const from = bytes.length === 0 ? 0 : back % bytes.length
      for (let i = 0; i < length && from < bytes.length; i++) bytes.push(bytes[from + i] as number)
    }
    return Uint8Array.from(bytes)
  })

describe('snappy', () => {
  test('is what hyparquet decompresses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), repetitive), (bytes) => {
        const output = new Uint8Array(bytes.byteLength)
        if (bytes.byteLength > 0) snappyUncompress(snappy(bytes), output)
        expect(output).toEqual(bytes)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['zeros', () => 0],
    ['one period of 70,000', (i: number) => Math.imul(i % 70_000, 2_654_435_761) >>> 24],
    ['noise', (i: number) => Math.imul(i ^ (i >>> 7), 2_654_435_761) >>> 23],
  ])('takes more than one block: %s', (_, at) => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => at(i))
    const output = new Uint8Array(bytes.byteLength)
    snappyUncompress(snappy(bytes), output)
    expect(Buffer.compare(output, bytes)).toBe(0)
  })

  test('makes text smaller, and nothing much larger', () => {
    const text = Uint8Array.from({ length: 100_000 }, (_, i) =>
      'abcdefgh-0123456789'.charCodeAt(i % 19),
    )
    expect(snappy(text).byteLength).toBeLessThan(6_000)
    const noise = crypto.getRandomValues(new Uint8Array(60_000))
    expect(snappy(noise).byteLength).toBeLessThan(60_100)
  })
})

test('CRC-32 is that of the rest of the package', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const expected = crc('crc32')
      expected.update(bytes)
      const { buffer } = expected.digest()
      expect(kernels.crc32(bytes) >>> 0).toBe(new DataView(buffer).getUint32(0))
    }),
  )
})

describe('Bloom filters', () => {
  /** Whether each hash is in the filter, as the specification says. */
  function contains(filter: Uint8Array, hash: bigint): boolean {
    const salts = [
      0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947,
      0x5c6bfb31,
    ]
    const words = new Uint32Array(filter.slice().buffer)
    const block = Number(((hash >> 32n) * BigInt(words.length / 8)) >> 32n)
    return salts.every((salt, i) => {
      const bit = Math.imul(Number(hash & 0xffffffffn), salt) >>> 27
      return (((words[block * 8 + i] as number) >>> bit) & 1) === 1
    })
  }

  const bitset = (filter: Uint8Array | undefined, bytes: number): Uint8Array =>
    (filter as Uint8Array).subarray(bloomFilterHeader(bytes).byteLength)

  test('hold every value, and few others', async () => {
    const values = Array.from({ length: 1_000 }, (_, i) =>
      new TextEncoder().encode(`${'x'.repeat(i % 50)}${i}`),
    )
    for (const encoding of ['dictionary', 'plain'] as const) {
      const leaf = flatLeaf('bytes', { bloom: true, encoding })
      const chunk = await encodeColumnChunk(kernels, leaf, requiredData('bytes', values), {
        codec: 'none',
      })
      const filter = bitset(chunk.bloomFilter, 2048)
      expect(filter.byteLength).toBe(2048)
      expect(values.filter((value) => !contains(filter, xxhash64(value)))).toEqual([])
      const others = Array.from({ length: 1_000 }, (_, i) => new TextEncoder().encode(`other-${i}`))
      expect(others.filter((value) => contains(filter, xxhash64(value))).length).toBeLessThan(20)
    }
  })

  test.each(['dictionary', 'plain'] as const)(
    'are of plain numbers, %s or not',
    async (encoding) => {
      const leaf = flatLeaf('int64', { bloom: true, encoding })
      const values = [1n, -5n, 1n, 2n ** 62n]
      const chunk = await encodeColumnChunk(kernels, leaf, requiredData('int64', values), {
        codec: 'none',
      })
      const filter = bitset(chunk.bloomFilter, 32)
      for (const value of values) {
        expect(contains(filter, xxhash64(new Uint8Array(BigInt64Array.of(value).buffer)))).toBe(
          true,
        )
      }
    },
  )
})
