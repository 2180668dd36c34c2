import { utf8 } from './bytes.ts'
import { SluiceError } from './errors.ts'

/** S3's limit on a key. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024

/** U+0000–U+001F and U+007F: XML 1.0 cannot carry most of them, so a listing could not name the object again. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * Throws `invalid-key` unless every store can hold this key and give it back under the same name.
 *
 * Refused: the empty key, more than 1,024 bytes of UTF-8, lone surrogates, control characters, and `.` or `..` as a
 * segment, which URL parsers (so every `fetch`) would resolve into another object's key.
 */
export function checkKey(key: string): void {
  refuse('key', key, key === '' ? 'is empty' : faultOf(key), key)
}

/** The same for the beginning of a key. May be empty, and may end within a segment. */
export function checkPrefix(prefix: string): void {
  // The last piece need not be a whole segment: `a/.` begins `a/.config`.
  const whole = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  refuse('prefix', prefix, faultOf(prefix, whole))
}

function refuse(what: string, text: string, fault: string | undefined, key?: string): void {
  if (!fault) return
  const message = `The ${what} ${JSON.stringify(text.slice(0, 200))} ${fault}`
  throw new SluiceError('invalid-key', message, { key })
}

function faultOf(text: string, segmentsOf = text): string | undefined {
  if (!isWellFormed(text)) return 'holds a lone surrogate, which UTF-8 cannot express'
  if (CONTROL.test(text)) return 'holds a control character, which a listing could not give back'
  if (utf8(text).byteLength > MAX_KEY_BYTES) return `has more than ${MAX_KEY_BYTES} bytes of UTF-8`
  for (const segment of segmentsOf.split('/')) {
    if (segment === '.' || segment === '..') {
      return `holds the segment "${segment}", which an HTTP client would resolve into another key`
    }
  }
  return undefined
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** Whether the text has no lone surrogate, so that UTF-8 can hold it. */
export function isWellFormed(text: string): boolean {
  // ES2024, and many times as fast: to V8 a text of Latin-1 needs no look. Each text of each record is asked.
  const modern = text as string & { isWellFormed?(): boolean }
  // Under the u flag a surrogate matches only when it is alone.
  return modern.isWellFormed?.() ?? !LONE_SURROGATE.test(text)
}

/**
 * Orders keys by their UTF-8 bytes, as S3 lists them. JavaScript's own order is by UTF-16 units, which puts
 * U+E000–U+FFFF after the astral planes.
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Moves the surrogates behind the rest of the basic plane, where the code points they stand for belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** What stays as it is in a path segment: readable, and safe in every store, shell and URL. */
const PLAIN = /[A-Za-z0-9_\-.~]/
const PLAIN_SEGMENT = /^[A-Za-z0-9_\-~][A-Za-z0-9_\-.~]*$/

/**
 * Any text as one path segment that cannot leave its place: everything but `A-Z a-z 0-9 _ - . ~` is
 * percent-escaped as UTF-8, `%` and `/` and `=` among it, and so are a leading dot and the empty text. Injective, so
 * two values never share a segment.
 */
export function escapeSegment(value: string): string {
  if (value === '') return '%'
  // Each record has one, and most are words.
  if (PLAIN_SEGMENT.test(value)) return value
  let segment = ''
  let first = true
  for (const character of value) {
    const plain = PLAIN.test(character) && !(first && character === '.')
    segment += plain ? character : percent(character)
    first = false
  }
  return segment
}

function percent(character: string): string {
  // A lone surrogate has no UTF-8; its own unit keeps the result injective.
  if (!isWellFormed(character)) return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`
  let escaped = ''
  for (const byte of new TextEncoder().encode(character)) {
    escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}
