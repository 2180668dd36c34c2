import type { Compressor } from '../compressor.ts'
import { platformCompress } from './platform-compress.ts'

/**
 * `parquet({ codec: gzipCodec() })`: pages compressed by the platform's own gzip, at the level it has, which no platform lets one choose.
 * Needs nothing but `CompressionStream`: Node, Deno, Bun, Workers, browsers. Platforms differ in their bytes, and all readers have it.
 * `zlibCodec` has levels, and is faster where it runs.
 */
export function gzipCodec(): Compressor {
  return { name: 'gzip', compress: (page) => platformCompress('gzip', page) }
}
