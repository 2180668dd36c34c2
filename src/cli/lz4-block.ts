import { SluiceError } from '../core/errors.ts'

/** A match is as long as its number says and four bytes. */
const MIN_MATCH = 4
/** What one byte can stand for, at most. */
const MAX_RATIO = 255

/**
 * What a block of LZ4 holds, of that many bytes. Errors: `invalid-record` for a block that holds more or less, or is cut short.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function lz4Block(block: Uint8Array, length: number): Uint8Array {
  // Before anything is allocated for a length that only says so.
  if (length > block.length * MAX_RATIO) refuse()
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  const next = (): number => block[at++] ?? refuse()
  const more = (four: number): number => {
    let count = four
    for (let byte = four === 15 ? 255 : 0; byte === 255; count += byte) byte = next()
    return count
  }
  while (at < block.length) {
    const token = next()
    const literals = more(token >> 4)
    if (literals > block.length - at || literals > length - to) refuse()
    out.set(block.subarray(at, at + literals), to)
    at += literals
    to += literals
    // The last sequence has no match.
    if (at === block.length) break
    const distance = next() | (next() << 8)
    const end = to + more(token & 15) + MIN_MATCH
    if (distance === 0 || distance > to || end > length) refuse()
    // Byte by byte: a match may reach into what it writes.
    for (; to < end; to++) out[to] = out[to - distance] as number
  }
  return to === length ? out : refuse()
}

function refuse(): never {
  throw new SluiceError('invalid-record', 'A page is no LZ4 of the length that it says')
}
