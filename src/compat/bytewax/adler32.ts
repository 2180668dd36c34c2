import { utf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { isWellFormed } from '../../core/keys.ts'

const BASE = 65_521
/** So many bytes can be added before the second sum must be reduced: it stays below 2^53 by far. */
const RUN = 5_000

/**
 * Adler-32 of the text's UTF-8 bytes, unsigned, as Python's `zlib.adler32(key.encode())`: the index that a key has by default.
 * `invalid-record` for a lone surrogate, which has no UTF-8.
 * @see https://www.rfc-editor.org/rfc/rfc1950#section-8.2
 */
export function adler32(text: string): number {
  if (!isWellFormed(text)) {
    throw new SluiceError('invalid-record', 'A key holds a lone surrogate, which has no UTF-8')
  }
  const bytes = utf8(text)
  let low = 1
  let high = 0
  for (let at = 0; at < bytes.byteLength; ) {
    const end = Math.min(at + RUN, bytes.byteLength)
    for (; at < end; at++) {
      low += bytes[at] as number
      high += low
    }
    low %= BASE
    high %= BASE
  }
  return high * 65_536 + low
}
