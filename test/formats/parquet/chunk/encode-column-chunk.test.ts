import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../../src/core/bytes.ts'
import { crc } from '../../../../src/core/crc.ts'
import { encodeColumnChunk } from '../../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import type {
  ChunkOptions,
  ColumnChunk,
  Leaf,
  LeafData,
} from '../../../../src/formats/parquet/chunk/leaf.ts'
import type { Compressor } from '../../../../src/formats/parquet/compressor.ts'
import { compileKernels, Kernels, kernelsOf } from '../../../../src/formats/parquet/kernels.ts'
import type { PageEncoding } from '../../../../src/formats/parquet/thrift/enums.ts'
import {
  flatLeaf,
  type Kind,
  listData,
  nullableData,
  requiredData,
  texts,
  type Value,
} from './leaves.ts'
import { pageHeaders, readTinyFile, tinyFile } from './tiny-file.ts'

const kernels = kernelsOf(compileKernels())
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** Numbers without a pattern, the same each time. */
function noise(length: number, seed = 1): number[] {
  let state = seed
  return range(length).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state ^ (state >>> 15)) >>> 0
  })
}

async function encoded(
  leaf: Leaf,
  data: LeafData,
  options: Partial<ChunkOptions> = {},
): Promise<ColumnChunk> {
  return encodeColumnChunk(kernels, leaf, data, { codec: 'snappy', ...options })
}

describe('the choice of an encoding', () => {
  const words = ['red', 'green', 'blue', 'yellow']
  // None of the first 20,000 values is there twice.
  const inTurns = Array.from({ length: 5 }, () => noise(20_000)).flat()
  const cases: [string, Kind, Value[], PageEncoding][] = [
    ['growing ids', 'int64', range(20_000).map(BigInt), 'delta_binary_packed'],
    [
      'times that grow unevenly',
      'int64',
      noise(20_000).map((n, i) => BigInt(1.7e12 + i * 1000 + (n % 900))),
      'delta_binary_packed',
    ],
    [
      'few distinct large numbers',
      'int64',
      noise(20_000).map((n) => BigInt((n % 5) * 1e15)),
      'rle_dictionary',
    ],
    [
      'ids that come in turns',
      'int64',
      inTurns.map((n) => BigInt(n) * 2n ** 31n),
      'rle_dictionary',
    ],
    [
      'names that come in turns',
      'bytes',
      inTurns.map((n) => utf8(`device-${n.toString(36)}`)),
      'rle_dictionary',
    ],
    ['small numbers', 'int32', noise(20_000).map((n) => n % 4096), 'delta_binary_packed'],
    [
      'few distinct words',
      'bytes',
      noise(20_000).flatMap((n) => texts(words[n % 4] as string)),
      'rle_dictionary',
    ],
    [
      'sorted paths',
      'bytes',
      range(5_000).map((i) => utf8(`/a/rather/long/path/${1e6 + i}`)),
      'delta_byte_array',
    ],
    [
      'texts with nothing in common',
      'bytes',
      noise(5_000).map((n, i) => utf8(`${n.toString(36)}${i}`)),
      'delta_length_byte_array',
    ],
    ['few distinct fractions', 'double', noise(20_000).map((n) => (n % 100) / 7), 'rle_dictionary'],
    ['a slow wave', 'double', range(20_000).map((i) => Math.sin(i / 1e5)), 'byte_stream_split'],
    ['one boolean', 'boolean', range(20_000).map(() => true), 'rle'],
    ['coins', 'boolean', noise(20_000).map((n) => n % 2 === 0), 'plain'],
    ['nothing', 'bytes', [], 'plain'],
  ]
  test.each(cases)('%s', async (_, kind, values, expected) => {
    const { metadata } = await encoded(flatLeaf(kind), requiredData(kind, values))
    expect(metadata.encodings[0]).toBe(expected)
  })

  test('is plain where a dictionary that was asked for would be too large', async () => {
    const values = noise(150_000).map((n, i) => BigInt(n) * 4096n + BigInt(i))
    const { metadata } = await encoded(
      flatLeaf('int64', { encoding: 'dictionary' }),
      requiredData('int64', values),
    )
    expect(metadata.encodings).toEqual(['plain'])
  })

  test('gives a dictionary up whose keys all want one slot', async () => {
    // The hash of the i-th is i, and its upper bits choose the slot.
    const inverse = 0xf1de83e19937733dn
    const keyOf = (i: number): bigint => {
      const folded = BigInt.asUintN(64, BigInt(i) * inverse)
      return BigInt.asIntN(64, folded ^ (folded >> 32n))
    }
    const values = range(20_000).map((i) => keyOf(i >> 1))
    const { metadata } = await encoded(flatLeaf('int64'), requiredData('int64', values))
    expect(metadata.encodings).not.toContain('rle_dictionary')
  })
})

/** Of eight bytes, as kernels/bytes.ts hashes them: each step can be undone, by an inverse modulo 2^64 or by itself. */
function textOfHash(hash: bigint): Bytes {
  const u64 = (n: bigint): bigint => BigInt.asUintN(64, n)
  const inverse = (odd: bigint): bigint => {
    let n = odd
    for (let i = 0; i < 6; i++) n = u64(n * (2n - odd * n))
    return n
  }
  const golden = 0x9e3779b97f4a7c15n
  const fold = (n: bigint): bigint => n ^ (n >> 32n)
  const mixed = fold(u64(hash * inverse(0xff51afd7ed558ccdn)))
  const word = u64(mixed * inverse(golden)) ^ fold(u64(8n * golden))
  return new Uint8Array(BigUint64Array.of(word).buffer)
}

test('differences of int32 wrap around in 32 bits, as readers expect', async () => {
  const values = range(129).map((i) => (i % 2 === 0 ? -(2 ** 31) : 2 ** 31 - 1))
  const leaf = flatLeaf('int32', { encoding: 'delta_binary_packed' })
  const { metadata } = await encoded(leaf, requiredData('int32', values), { codec: 'none' })
  // They are 1 and -1, of two bits each: 32 bytes, and not 33 bits each.
  expect(metadata.storedBytes).toBeLessThan(100)
})

test('a dictionary tells keys apart whose hashes are the same', async () => {
  const [one, other] = [textOfHash(77n), textOfHash(77n + 2n ** 33n)]
  const values = range(200).map((i) => (i % 3 === 0 ? one : other))
  const leaf = flatLeaf('bytes', { encoding: 'dictionary' })
  const chunk = await encoded(leaf, requiredData('bytes', values))
  expect(chunk.metadata.encodings).toContain('rle_dictionary')
  expect(await readTinyFile(tinyFile(leaf, 200, chunk))).toEqual(values)
})

describe('pages', () => {
  test('end at rows, after so many rows or bytes', async () => {
    const rows = range(100).map((i) => range(i % 7))
    const leaf = flatLeaf('int32', { maxDefinition: 2, maxRepetition: 1, encoding: 'plain' })
    const data = listData('int32', rows)
    const byRows = await encoded(leaf, data, { pageRows: 30 })
    expect(byRows.metadata.pages.map(({ firstRow }) => firstRow)).toEqual([0, 30, 60, 90])
    const byBytes = await encoded(leaf, data, { pageBytes: 200 })
    const firstRows = byBytes.metadata.pages.map(({ firstRow }) => firstRow)
    expect(firstRows.length).toBeGreaterThan(3)
    // Every page but the last one has passed its limit with its last row.
    const sizes = firstRows.map((from, i) => 4 * rows.slice(from, firstRows[i + 1]).flat().length)
    expect(sizes.slice(0, -1).every((size) => size >= 200 && size < 200 + 4 * 7)).toBe(true)
    expect(await readTinyFile(tinyFile(leaf, 100, byBytes))).toEqual(rows)
  })

  test('lie where the offsets say, each with its checksum', async () => {
    const values = noise(1_000).flatMap((n) => texts(`value ${n % 50}`))
    const chunk = await encoded(flatLeaf('bytes'), requiredData('bytes', values), { pageRows: 300 })
    const { dictionaryBytes = 0, pages, storedBytes, rawBytes } = chunk.metadata
    const headers = pageHeaders(concatBytes(chunk.bytes))
    expect(headers.map(({ offset }) => offset)).toEqual([0, ...pages.map(({ offset }) => offset)])
    expect(pages[0]?.offset).toBe(dictionaryBytes)
    expect(headers.map(({ storedBytes: bytes }) => bytes)).toEqual([
      dictionaryBytes,
      ...pages.map((page) => page.storedBytes),
    ])
    expect(headers.reduce((sum, header) => sum + header.storedBytes, 0)).toBe(storedBytes)
    expect(headers.reduce((sum, header) => sum + header.rawBytes, 0)).toBe(rawBytes)
    for (const { body, crc: found } of headers) {
      const expected = crc('crc32')
      expected.update(body)
      expect(found).toBe(new DataView(expected.digest().buffer).getInt32(0))
    }
  })

  test('need no levels where nothing is null or empty', async () => {
    const leaf = flatLeaf('int32', { maxDefinition: 1 })
    const values = range(300)
    const chunk = await encoded(leaf, requiredData('int32', values), { pageRows: 130 })
    expect(await readTinyFile(tinyFile(leaf, 300, chunk))).toEqual(values)
    const list = flatLeaf('int32', { maxDefinition: 2, maxRepetition: 1 })
    const lists = await encoded(list, requiredData('int32', values), { pageRows: 130 })
    expect(await readTinyFile(tinyFile(list, 300, lists))).toEqual(values.map((value) => [value]))
  })

  test('of nulls alone are pages, too', async () => {
    const leaf = flatLeaf('bytes', { maxDefinition: 1 })
    const rows = range(500).map(() => null)
    const chunk = await encoded(leaf, nullableData('bytes', rows), { pageRows: 200 })
    expect(chunk.metadata).toMatchObject({ slots: 500, nullCount: 500, unencodedBytes: 0 })
    expect(chunk.metadata.columnIndex?.nullPages).toEqual([true, true, true])
    expect(await readTinyFile(tinyFile(leaf, 500, chunk))).toEqual(rows)
  })
})

describe('a chunk', () => {
  test('takes int64 as doubles', async () => {
    const values = [0, -0, -1, 2 ** 53, -(2 ** 53), 1.7e12]
    const data = { ...requiredData('int64', []), count: 6, slots: 6, rows: 6 }
    const leaf = flatLeaf('int64')
    const chunk = await encoded(leaf, {
      ...data,
      values: { kind: 'int64', values: Float64Array.from(values) },
    })
    expect(await readTinyFile(tinyFile(leaf, 6, chunk))).toEqual(
      values.map((value) => BigInt(value)),
    )
  })

  test('takes arrays that are longer than what they hold', async () => {
    const leaf = flatLeaf('bytes', { maxDefinition: 1 })
    const chunk = await encoded(leaf, {
      values: { kind: 'bytes', bytes: utf8('abcdefgh'), offsets: Uint32Array.of(0, 1, 3, 99) },
      ...{ count: 2, slots: 3, rows: 3, definition: Uint8Array.of(1, 0, 1, 1, 1) },
    })
    expect(await readTinyFile(tinyFile(leaf, 3, chunk))).toEqual([utf8('a'), null, utf8('bc')])
  })

  test('holds values of 10 MB', async () => {
    const large = new Uint8Array(10_000_000).fill(97)
    const values = [utf8('a'), large, utf8(''), large.slice().fill(98, -1)]
    const leaf = flatLeaf('bytes')
    for (const encoding of [undefined, 'plain', 'delta_byte_array'] as const) {
      const chunk = await encoded({ ...leaf, encoding }, requiredData('bytes', values))
      const read = (await readTinyFile(tinyFile(leaf, 4, chunk))) as Bytes[]
      expect(read.map((value, i) => Buffer.compare(value, values[i] as Bytes))).toEqual([
        0, 0, 0, 0,
      ])
    }
  })

  test('is the same for the same data', async () => {
    const data = requiredData(
      'double',
      noise(30_000).map((n) => (n % 1000) / 8),
    )
    const [one, other] = [
      await encoded(flatLeaf('double'), data),
      await encoded(flatLeaf('double'), data),
    ]
    expect(other).toEqual(one)
  })

  test('stays uncompressed where snappy gains nothing', async () => {
    const values = noise(20_000, 1).map(
      (n, i) => BigInt(n) * 2n ** 32n + BigInt(noise(1, i)[0] as number),
    )
    const incompressible = await encoded(flatLeaf('int64'), requiredData('int64', values))
    expect(incompressible.metadata.codec).toBe('none')
    const compressible = await encoded(
      flatLeaf('int64', { encoding: 'plain' }),
      requiredData('int64', range(20_000).map(BigInt)),
    )
    expect(compressible.metadata.codec).toBe('snappy')
  })

  test('is compressed by a compressor, now or later, while others are encoded', async () => {
    const gzip = (compress: Compressor['compress']): Compressor => ({ name: 'gzip', compress })
    const leaf = flatLeaf('int32')
    const data = requiredData(
      'int32',
      noise(10_000).map((n) => n % 100),
    )
    const now = gzip((page) => new Uint8Array(gzipSync(page)))
    const later = gzip(async (page) => {
      await encoded(leaf, requiredData('int32', [1, 2, 3]))
      return new Uint8Array(gzipSync(page))
    })
    const chunk = await encoded(leaf, data, { codec: now, pageRows: 4_000 })
    expect(chunk.metadata.codec).toBe('gzip')
    expect(await encoded(leaf, data, { codec: later, pageRows: 4_000 })).toEqual(chunk)
    expect(await readTinyFile(tinyFile(leaf, 10_000, chunk))).toEqual(
      noise(10_000).map((n) => n % 100),
    )
  })

  test.each([1, 2, 3, 5])(
    'of %i long values takes little more memory than they do',
    async (count) => {
      const small = new Kernels(compileKernels(), 24 * 1024 * 1024)
      const value = new Uint8Array((6 * 1024 * 1024) / count).fill(7)
      const data = requiredData(
        'bytes',
        Array.from({ length: count }, () => value),
      )
      const chunk = await encodeColumnChunk(small, flatLeaf('bytes'), data, { codec: 'snappy' })
      expect(chunk.metadata.unencodedBytes).toBe(count * value.byteLength)
    },
  )

  test('is copied from a compressor that uses its memory again', async () => {
    const memory = new Uint8Array(64 * 1024)
    const again: Compressor = {
      name: 'gzip',
      compress(page) {
        const packed = gzipSync(page)
        memory.set(packed)
        return memory.subarray(0, packed.byteLength)
      },
    }
    const numbers = noise(5_000).map((n) => n % 100)
    const leaf = flatLeaf('int32')
    const chunk = await encoded(leaf, requiredData('int32', numbers), { codec: again })
    expect(await readTinyFile(tinyFile(leaf, 5_000, chunk))).toEqual(numbers)
  })

  test('is refused from a compressor that gives something else', async () => {
    const codec = { name: 'gzip', compress: () => undefined } as unknown as Compressor
    await expect(
      encoded(flatLeaf('int32'), requiredData('int32', [1]), { codec }),
    ).rejects.toMatchObject({ code: 'invalid-options' })
  })
})
