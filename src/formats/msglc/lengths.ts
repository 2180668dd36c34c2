import type { ByteWriter } from './codecs/byte-writer.ts'
import type { Block } from './toc-writer.ts'

/** Seven bits in a byte, the lowest first. */
export function writeLength(to: ByteWriter, length: number): void {
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) to.u8((rest % 0x80) | 0x80)
  to.u8(rest)
}

/** What was written so. */
export function* readLengths(chunks: Iterable<Uint8Array>): Generator<number> {
  let length = 0
  let scale = 1
  for (const chunk of chunks) {
    for (const byte of chunk) {
      length += (byte & 0x7f) * scale
      scale *= 0x80
      if (byte >= 0x80) continue
      yield length
      length = 0
      scale = 1
    }
  }
}

/** Values of these lengths in blocks: each ends with the value by which it has `leastBytes`, and the last one where they end. */
export function* blocksOf(
  lengths: Iterable<number>,
  from: number,
  leastBytes: number,
): Generator<Block, void, undefined> {
  let start = from
  let end = from
  let count = 0
  for (const length of lengths) {
    end += length
    count++
    if (end - start < leastBytes) continue
    yield { count, start, end }
    start = end
    count = 0
  }
  if (count > 0) yield { count, start, end }
}
