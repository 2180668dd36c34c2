import { SluiceError } from '../../../core/errors.ts'
import type { Compressor } from '../compressor.ts'
import { checkedLevel, type LevelOptions } from './checked-level.ts'

/** What `zlibCodec` calls of `node:zlib`. */
export interface ZlibLike {
  readonly constants: {
    readonly BROTLI_PARAM_QUALITY: number
    readonly ZSTD_c_compressionLevel?: number
  }
  gzipSync(page: Uint8Array, options: { level: number }): Uint8Array
  brotliCompressSync(page: Uint8Array, options: { params: Record<number, number> }): Uint8Array
  /** Since Node 22.15. */
  zstdCompressSync?(page: Uint8Array, options: { params: Record<number, number> }): Uint8Array
}

export interface ZlibCodecOptions extends LevelOptions {
  /** gzip 1 to 9, default 6; zstd 1 to 22, default 3; brotli 0 to 11, default 4. */
  readonly level?: number | undefined
}

const LEVELS = { gzip: [1, 9, 6], zstd: [1, 22, 3], brotli: [0, 11, 4] } as const

/**
 * `parquet({ codec: zlibCodec(zlib, 'zstd') })` with `import zlib from 'node:zlib'`: the fastest way where that is there, in Node, Deno, Bun, and
 * in Workers with `nodejs_compat`.
 *
 * Errors: `invalid-options` for another name, level or option, `not-supported` for zstd before Node 22.15.
 */
export function zlibCodec(
  zlib: ZlibLike,
  name: 'gzip' | 'zstd' | 'brotli',
  options: ZlibCodecOptions = {},
): Compressor {
  if (!Object.hasOwn(LEVELS, name)) {
    throw new SluiceError(
      'invalid-options',
      `zlibCodec knows gzip, zstd and brotli, not ${JSON.stringify(name)}`,
    )
  }
  const level = checkedLevel('zlibCodec', options, LEVELS[name])
  return { name, level, compress: compressorOf(zlib, name, level) }
}

function compressorOf(
  zlib: ZlibLike,
  name: keyof typeof LEVELS,
  level: number,
): Compressor['compress'] {
  const { BROTLI_PARAM_QUALITY, ZSTD_c_compressionLevel } = zlib.constants
  if (name === 'gzip') return (page) => zlib.gzipSync(page, { level })
  if (name === 'brotli') {
    return (page) => zlib.brotliCompressSync(page, { params: { [BROTLI_PARAM_QUALITY]: level } })
  }
  const { zstdCompressSync } = zlib
  if (!zstdCompressSync || ZSTD_c_compressionLevel === undefined) {
    throw new SluiceError('not-supported', 'This zlib has no zstd: use zstdCodec')
  }
  return (page) => zstdCompressSync(page, { params: { [ZSTD_c_compressionLevel]: level } })
}
