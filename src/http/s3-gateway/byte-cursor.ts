import type { Bytes } from '../../contracts/index.ts'
import { concatBytes, EMPTY, fromUtf8 } from '../../core/bytes.ts'

/** Reads a stream of bytes line by line or by the byte, for formats that mix both. */
export interface ByteCursor {
  /** Up to the next CRLF, without it; `undefined` when there is none within `maxBytes`, or at all. */
  line(maxBytes: number): Promise<string | undefined>
  /** As many bytes as are there, `maxBytes` at most; `undefined` at the end. Never empty. */
  some(maxBytes: number): Promise<Bytes | undefined>
  /** What comes before the delimiter, piece by piece. Gives whether the delimiter was found; it is read as well. */
  until(delimiter: Bytes): AsyncGenerator<Bytes, boolean, undefined>
}

const CR = 13
const LF = 10

export function byteCursor(source: AsyncIterable<Bytes>): ByteCursor {
  const iterator = source[Symbol.asyncIterator]()
  let held: Bytes = EMPTY

  /** Adds what comes next to what is held. `false` at the end. */
  async function more(): Promise<boolean> {
    const { done, value } = await iterator.next()
    if (done) return false
    held = held.byteLength === 0 ? value : concatBytes([held, value])
    return true
  }

  function take(bytes: number): Bytes {
    const taken = held.subarray(0, bytes)
    held = held.subarray(bytes)
    return taken
  }

  return {
    async line(maxBytes) {
      for (;;) {
        const end = held.indexOf(LF)
        const length = (end < 0 ? held.byteLength : end) - 1
        if (length > maxBytes) return undefined
        if (end >= 0) {
          if (held[end - 1] !== CR) return undefined
          const text = fromUtf8(held.subarray(0, length))
          take(end + 1)
          return text
        }
        if (!(await more())) return undefined
      }
    },
    async some(maxBytes) {
      while (held.byteLength === 0) if (!(await more())) return undefined
      return take(Math.min(held.byteLength, maxBytes))
    },
    async *until(delimiter) {
      for (;;) {
        const at = indexOf(held, delimiter)
        if (at >= 0) {
          const before = take(at)
          if (before.byteLength > 0) yield before
          take(delimiter.byteLength)
          return true
        }
        // The last bytes may be the beginning of the delimiter.
        const safe = held.byteLength - delimiter.byteLength + 1
        if (safe > 0) yield take(safe)
        if (!(await more())) {
          if (held.byteLength > 0) yield take(held.byteLength)
          return false
        }
      }
    },
  }
}

function indexOf(bytes: Bytes, wanted: Bytes): number {
  const first = wanted[0] as number
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let matched = 1
    while (matched < wanted.byteLength && bytes[at + matched] === wanted[matched]) matched++
    if (matched === wanted.byteLength) return at
  }
  return -1
}
