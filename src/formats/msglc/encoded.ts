import type { Codec } from './codecs/codec.ts'
import { skipValue } from './codecs/read-value.ts'
import type { TokenReader } from './codecs/token-reader.ts'
import type { Contents } from './contents.ts'

/** A value that is encoded already: the bytes of a scalar, which are copied, or a list or a map of such values. */
export class Encoded {
  readonly is: Uint8Array | Contents
  readonly #text: string

  constructor(is: Uint8Array | Contents, text = '') {
    this.is = is
    this.#text = text
  }

  /** Of a key: for errors. */
  toString(): string {
    return this.#text
  }
}

/**
 * The list or the map that those bytes are. They were encoded here, so they are believed. Scalars stay bytes: a double that is
 * an integer would come back as one.
 */
export function encodedContents(codec: Codec, bytes: Uint8Array): Contents {
  return nextOf(codec.reader(bytes), bytes).is as Contents
}

function nextOf(from: TokenReader, bytes: Uint8Array, isKey = false): Encoded {
  const start = from.at
  from.next(isKey)
  const { kind, count, value } = from
  if (kind === 'list' || kind === 'map') return new Encoded(contentsOf(from, bytes, kind, count))
  if (kind === 'tag') skipValue(from)
  return new Encoded(bytes.subarray(start, from.at), isKey ? String(value) : undefined)
}

function contentsOf(
  from: TokenReader,
  bytes: Uint8Array,
  kind: 'list' | 'map',
  count: number,
): Contents {
  let left = count
  return {
    kind,
    count,
    next() {
      if (left-- === 0) return { done: true, value: undefined }
      if (kind === 'list') return { done: false, value: nextOf(from, bytes) }
      return { done: false, value: [nextOf(from, bytes, true), nextOf(from, bytes)] }
    },
  }
}
