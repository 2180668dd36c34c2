import { expect, test } from 'vitest'
import { brotliCodec } from '../../../../src/formats/parquet/codecs/brotli.ts'
import { gzipCodec } from '../../../../src/formats/parquet/codecs/gzip.ts'
import { lz4Codec } from '../../../../src/formats/parquet/codecs/lz4.ts'
import { zstdCodec } from '../../../../src/formats/parquet/codecs/zstd.ts'

const page = new TextEncoder().encode('/products/12 '.repeat(1000))

test.each([gzipCodec(), lz4Codec(), brotliCodec()])('$name packs a page', async (codec) => {
  expect((await codec.compress(page)).length).toBeLessThan(page.length / 20)
})

test('zstd says what to do where WebAssembly cannot be compiled', async () => {
  await expect(zstdCodec().compress(page)).rejects.toThrow(/zlibCodec/)
})
