import type { Bytes } from '../../contracts/index.ts'
import { concatBytes, utf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { isWellFormed } from '../../core/keys.ts'

/**
 * Those that are one byte for each of the first code points. The platform's decoder takes both names for windows-1252, where Python means
 * what they say. @see https://encoding.spec.whatwg.org/#names-and-labels
 */
const SINGLE_BYTE: Readonly<Record<string, number>> = {
  ...{ ascii: 0x80, 'us-ascii': 0x80 },
  ...{ 'latin-1': 0x100, latin1: 0x100, l1: 0x100, 'iso-8859-1': 0x100, 'iso8859-1': 0x100 },
}
const UTF_8: readonly string[] = ['utf-8', 'utf8']

/** Bytes to text, piece by piece. Throws `invalid-record` for what is none of the encoding. */
export interface TextDecoding {
  next(bytes: Bytes): string
  /** What was held back. */
  end(): string
}

/** `invalid-options` for an encoding that nobody knows. Of UTF-8, a byte order mark at the start is taken off. */
export function textDecoding(encoding: string): TextDecoding {
  const name = nameOf(encoding)
  const limit = SINGLE_BYTE[name]
  if (limit !== undefined) {
    return { next: (bytes) => fromSingleBytes(bytes, limit, name), end: () => '' }
  }
  if (name === 'utf-16') return byOrderMark()
  return platformDecoding(name)
}

function platformDecoding(name: string): TextDecoding {
  const decoder = decoderOf(name)
  const decode = (bytes?: Bytes): string => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
    } catch (cause) {
      throw new SluiceError('invalid-record', `The text is not ${name}`, { cause })
    }
  }
  return { next: decode, end: decode }
}

/** UTF-16 as Python reads it: the mark at the start says which byte comes first; without one, the lower. */
function byOrderMark(): TextDecoding {
  let start: Bytes = new Uint8Array(0)
  let decoding: TextDecoding | undefined
  return {
    next(bytes) {
      if (decoding) return decoding.next(bytes)
      start = concatBytes([start, bytes])
      if (start.byteLength < 2) return ''
      const isBig = start[0] === 0xfe && start[1] === 0xff
      decoding = platformDecoding(isBig ? 'utf-16be' : 'utf-16le')
      return decoding.next(start)
    },
    end() {
      if (decoding) return decoding.end()
      const rest = platformDecoding('utf-16le')
      return rest.next(start) + rest.end()
    },
  }
}

export function decodeText(bytes: Bytes, encoding: string): string {
  const decoding = textDecoding(encoding)
  return decoding.next(bytes) + decoding.end()
}

/**
 * Text to bytes. `not-supported` for encodings that can only be read, which are all but UTF-8, Latin-1 and ASCII; the encoder throws
 * `invalid-record` for what its encoding cannot express.
 */
export function textEncoder(encoding: string): (text: string) => Bytes {
  const name = nameOf(encoding)
  if (UTF_8.includes(name)) {
    return (text) => {
      if (isWellFormed(text)) return utf8(text)
      throw new SluiceError('invalid-record', 'The text has a lone surrogate')
    }
  }
  const limit = SINGLE_BYTE[name]
  if (limit !== undefined) return (text) => toSingleBytes(text, limit, name)
  textDecoding(encoding)
  throw new SluiceError('not-supported', `${name} can be read, and not be written: write utf-8`)
}

/** Python's names that the platform has otherwise. Of UTF-8 it takes the mark off in any case. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ utf16: 'utf-16', 'utf-16-be': 'utf-16be', 'utf-16-le': 'utf-16le' },
}

/** Python takes an underscore for a hyphen. */
function nameOf(encoding: string): string {
  const name = encoding.toLowerCase().replaceAll('_', '-')
  return OTHER_NAMES[name] ?? name
}

function decoderOf(name: string): TextDecoder {
  try {
    return new TextDecoder(name === 'utf-8-sig' ? 'utf-8' : name, { fatal: true })
  } catch (cause) {
    const message = `${JSON.stringify(name.slice(0, 40))} is no encoding`
    throw new SluiceError('invalid-options', message, { cause })
  }
}

function fromSingleBytes(bytes: Bytes, limit: number, name: string): string {
  let text = ''
  // In slices: a spread of the whole would pass the engine's limit on arguments.
  for (let at = 0; at < bytes.byteLength; at += 0x8000) {
    const slice = bytes.subarray(at, at + 0x8000)
    if (slice.some((byte) => byte >= limit)) {
      throw new SluiceError('invalid-record', `The text is not ${name}`)
    }
    text += String.fromCharCode(...slice)
  }
  return text
}

function toSingleBytes(text: string, limit: number, name: string): Bytes {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= limit) {
      throw new SluiceError('invalid-record', `The text holds what ${name} cannot express`)
    }
    bytes[at] = unit
  }
  return bytes
}
