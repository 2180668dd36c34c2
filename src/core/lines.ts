import type { Bytes, Source } from '../contracts/index.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { fromUtf8Strict } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { derive, type Reading } from './reading.ts'

export interface ReadLinesOptions {
  /** `too-large` for a longer line. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined
}

/**
 * Lines of UTF-8 text, without their `\n` or `\r\n`; the last one need not be ended. A byte order mark at the start is
 * taken off. Throws `invalid-record` for bytes that are not UTF-8. Holds one line at a time.
 */
export function readLines(source: Source<Bytes>, options: ReadLinesOptions = {}): Reading<string> {
  return derive(source, async function* (chunks) {
    let number = 0
    for await (const line of lineBytes(chunks, options)) {
      number++
      const text = fromUtf8Strict(line)
      if (text === undefined) throw new SluiceError('invalid-record', `Line ${number} is not UTF-8`)
      yield number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
    }
  })
}

/** A newline byte is never part of another character in UTF-8, so lines are cut before decoding. */
async function* lineBytes(
  chunks: AsyncIterable<Bytes>,
  { maxLineBytes = 16 * 1024 * 1024 }: ReadLinesOptions,
): AsyncGenerator<Bytes, void, undefined> {
  const held = new ByteBuffer()
  let number = 1
  for await (const chunk of chunks) {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(0x0a, from)
      const piece = chunk.subarray(from, end < 0 ? chunk.byteLength : end)
      if (held.byteLength + piece.byteLength > maxLineBytes) {
        throw new SluiceError('too-large', `Line ${number} is longer than ${maxLineBytes} bytes`)
      }
      if (end < 0) {
        held.append(piece)
        break
      }
      yield withoutReturn(held.take(piece))
      number++
      from = end + 1
    }
  }
  if (held.byteLength > 0) yield withoutReturn(held.take())
}

function withoutReturn(line: Bytes): Bytes {
  return line[line.byteLength - 1] === 0x0d ? line.subarray(0, -1) : line
}
