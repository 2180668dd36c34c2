import type { Bytes, Chunk } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames } from '../../core/option-names.ts'
import { MSGLC_OPTIONS, type MsglcOptions, packingOptions } from './options.ts'
import { Packing } from './packing.ts'

/**
 * A value as the bytes of a file, in memory. Sources that must be waited for are for `lazyWriter`.
 *
 * Errors: `invalid-record`, with the place, for what has no form in the encoding; `too-large` beyond `maxTocBytes`;
 * `invalid-options`.
 */
export function encodeMsglc(value: unknown, options: MsglcOptions = {}): Bytes {
  checkOptionNames('encodeMsglc', options, MSGLC_OPTIONS)
  const packing = new Packing(packingOptions(options), { value })
  const chunks: Chunk[] = []
  for (let state = packing.advance(); state !== 'done'; state = packing.advance()) {
    if (state !== 'full') {
      throw new SluiceError(
        'invalid-record',
        'The value has to be waited for: write it by lazyWriter',
      )
    }
    chunks.push(packing.take())
  }
  chunks.push(packing.take())
  const { toc, head } = packing.finish()
  return concatBytes([head, ...chunks, ...toc])
}
