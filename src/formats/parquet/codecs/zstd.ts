import { Zstd } from '@hpcc-js/wasm-zstd'
import { SluiceError } from '../../../core/errors.ts'
import type { Compressor } from '../compressor.ts'
import { checkedLevel, type LevelOptions } from './checked-level.ts'

export interface ZstdCodecOptions extends LevelOptions {
  /** 1, the fastest, to 22, the smallest. Default 3. */
  readonly level?: number | undefined
}

/**
 * `parquet({ codec: zstdCodec() })`: Zstandard, by its own library compiled to WebAssembly (`@hpcc-js/wasm-zstd`, 185 kB gzipped). The same
 * bytes in Node, Deno, Bun and browsers. It compiles itself at run time, which Workers and some content security policies forbid:
 * `compress` then fails with `not-supported`, and `zlibCodec` is the way.
 *
 * Errors: `invalid-options` for another level or option.
 */
export function zstdCodec(options: ZstdCodecOptions = {}): Compressor {
  const level = checkedLevel('zstdCodec', options, [1, 22, 3])
  return {
    name: 'zstd',
    level,
    async compress(page) {
      const zstd = await Zstd.load().catch((cause: unknown) => {
        const message =
          'WebAssembly cannot be compiled here: give zlibCodec(zlib, "zstd") as the codec'
        throw new SluiceError('not-supported', message, { cause })
      })
      return zstd.compress(page, level)
    },
  }
}
