import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { compressors } from 'hyparquet-compressors'
import { describe, expect, test, vi } from 'vitest'
import { brotliCodec } from '../../../../src/formats/parquet/codecs/brotli.ts'
import { gzipCodec } from '../../../../src/formats/parquet/codecs/gzip.ts'
import { lz4Codec } from '../../../../src/formats/parquet/codecs/lz4.ts'
import { zlibCodec } from '../../../../src/formats/parquet/codecs/zlib.ts'
import { zstdCodec } from '../../../../src/formats/parquet/codecs/zstd.ts'
import type { Compressor } from '../../../../src/formats/parquet/compressor.ts'

type Unpack = (packed: Uint8Array, size: number) => Uint8Array | undefined

/** By Node, and by what hyparquet reads files with: none of them knows how it was compressed. */
const UNPACKERS: Readonly<Record<Compressor['name'], readonly (Unpack | undefined)[]>> = {
  snappy: [compressors.SNAPPY],
  gzip: [(packed) => zlib.gunzipSync(packed), compressors.GZIP],
  zstd: [(packed) => zlib.zstdDecompressSync(packed), compressors.ZSTD],
  brotli: [(packed) => zlib.brotliDecompressSync(packed), compressors.BROTLI],
  lz4_raw: [compressors.LZ4_RAW],
}

const CODECS: Readonly<Record<string, Compressor>> = {
  gzip: gzipCodec(),
  zstd: zstdCodec(),
  'zstd 19': zstdCodec({ level: 19 }),
  brotli: brotliCodec(),
  lz4: lz4Codec(),
  'gzip of zlib': zlibCodec(zlib, 'gzip'),
  'gzip 1 of zlib': zlibCodec(zlib, 'gzip', { level: 1 }),
  'zstd of zlib': zlibCodec(zlib, 'zstd'),
  'brotli of zlib': zlibCodec(zlib, 'brotli'),
}

const text = new TextEncoder().encode('/products/12/k3x9 '.repeat(60_000))
const PAGES: Readonly<Record<string, Uint8Array>> = {
  'a byte': Uint8Array.of(7),
  zeros: new Uint8Array(1024 * 1024),
  'what cannot be compressed': randomBytes(300_000),
  'text of a mebibyte': text,
  'part of a larger buffer': text.subarray(1001, 200_000),
}

describe.each(Object.entries(CODECS))('%s', (_, codec) => {
  const unpackers = UNPACKERS[codec.name]

  test.each(Object.entries(PAGES))('packs %s', async (_, page) => {
    const given = page.slice()
    const packed = await codec.compress(page)
    expect(same(page, given)).toBe(true)
    expect(same(await codec.compress(page), packed)).toBe(true)
    for (const unpack of unpackers) expect(same(unpack?.(packed, page.length), page)).toBe(true)
  })

  test('packs any page', async () => {
    // Runs and repeats at any distance, between bytes that are neither.
    const pages = fc
      .array(
        fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 90 })),
        {
          minLength: 1,
          maxLength: 30,
        },
      )
      .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array(times).fill(bytes))))
    const property = fc.asyncProperty(pages, async (page) => {
      const packed = await codec.compress(page)
      for (const unpack of unpackers) expect(same(unpack?.(packed, page.length), page)).toBe(true)
    })
    await fc.assert(property, { numRuns: 30 })
  })

  test('makes text smaller', async () => {
    expect((await codec.compress(text)).length).toBeLessThan(text.length / 20)
  })
})

/** `toEqual` of a mebibyte takes seconds. */
function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}

test('brotli by its library, where the platform has none', async () => {
  vi.stubGlobal('CompressionStream', undefined)
  try {
    const packed = await brotliCodec().compress(text)
    expect(same(zlib.brotliDecompressSync(packed), text)).toBe(true)
  } finally {
    vi.unstubAllGlobals()
  }
})

test('LZ4 of nothing is a token that says so', async () => {
  expect(await lz4Codec().compress(new Uint8Array())).toEqual(Uint8Array.of(0))
})

describe('what is refused', () => {
  test.each([0, 23, 1.5, Number.NaN])('zstd of level %s', (level) => {
    expect(() => zstdCodec({ level })).toThrow(/level must be a whole number from 1 to 22/)
  })

  test('a level or a name that zlib has not', () => {
    expect(() => zlibCodec(zlib, 'gzip', { level: 0 })).toThrow(/from 1 to 9/)
    expect(() => zlibCodec(zlib, 'toString' as 'gzip')).toThrow(/knows gzip, zstd and brotli/)
  })

  test('zstd by a zlib that lacks it', () => {
    const { zstdCompressSync: _, ...old } = zlib
    expect(() => zlibCodec(old, 'zstd')).toThrow(/has no zstd/)
  })
})
