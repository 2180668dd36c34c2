import { SluiceError } from '../../../core/errors.ts'
import type { Compressor } from '../compressor.ts'
import { platformCompress } from './platform-compress.ts'

/** The library's own default, 11, takes a hundred times as long as this, for a tenth less. */
const QUALITY = 4

/**
 * `parquet({ codec: brotliCodec() })`: Brotli, by the platform where its `CompressionStream` has it (Node 24, Deno, Bun), else by the
 * npm package `brotli`, Google's encoder in plain JavaScript (409 kB gzipped, loaded when it is first needed; a few MB/s), which runs
 * everywhere, Workers too. Platforms differ in their bytes. `zlibCodec` is faster and has levels where there is a zlib.
 */
export function brotliCodec(): Compressor {
  return {
    name: 'brotli',
    compress: (page) => (platformHasBrotli() ? platformCompress(BROTLI, page) : byLibrary(page)),
  }
}

/** Newer than TypeScript's list of formats. */
const BROTLI = 'brotli' as CompressionFormat

function platformHasBrotli(): boolean {
  try {
    return new CompressionStream(BROTLI) !== undefined
  } catch {
    return false
  }
}

async function byLibrary(page: Uint8Array): Promise<Uint8Array> {
  const { compress } = await import('brotli/compress')
  const packed = await compress(page, { quality: QUALITY })
  if (packed) return packed
  // What it makes larger by more than a kibibyte.
  throw new SluiceError('too-large', `Brotli cannot compress a page of ${page.byteLength} bytes`)
}
