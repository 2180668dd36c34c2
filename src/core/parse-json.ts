import { parse } from 'lossless-json'
import { SluiceError } from './errors.ts'
import { MAX_JSON_DEPTH } from './json.ts'
import { nearestDouble } from './values/doubles.ts'

/**
 * What `JSON.parse` may read inexactly: an integer of 16 digits or more, or a number that may become `Infinity` or 0. That
 * takes an exponent of 200 or more, or 100 digits in a row: anything less lies within 1e±299. May match within a string,
 * which only costs time.
 */
const INEXACT = /(?:^|[\s:,[-])\d{16,}(?![\d.eE])|\d[eE][+-]?0*(?:[2-9]\d\d|\d{4})|\d{100}/

/**
 * The value of a JSON text, exactly: an integer beyond ±2^53 is a `bigint`, `-0` is `-0`, `__proto__` is a key like any
 * other, and of equal keys the last one counts. Fractions are read to the nearest double, as everywhere.
 *
 * Throws `invalid-record`, with the position where it is known, for text that is not JSON, for a number beyond the range
 * of doubles (see `nearestDouble`), and for more than 64 levels.
 *
 * In a file of its own because the parser for the rare exact case is a dependency, which the root entry must not load.
 */
export function parseJson(text: string): unknown {
  checkDepth(text)
  if (INEXACT.test(text)) return parseExactly(text)
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Its message differs from engine to engine and repeats the text; the other parser's names the place.
    parseExactly(text)
    throw new SluiceError('invalid-record', 'The text is not JSON', { cause })
  }
}

function parseExactly(text: string): unknown {
  try {
    return parse(text, undefined, {
      parseNumber,
      onDuplicateKey: ({ newValue }) => newValue,
    })
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const { message } = cause as Error
    throw new SluiceError('invalid-record', `The text is not JSON: ${message}`, { cause })
  }
}

function parseNumber(digits: string): number | bigint {
  const double = nearestDouble(digits)
  if (Number.isSafeInteger(double)) return double as number
  if (/^-?\d+$/.test(digits)) return BigInt(digits)
  if (double !== undefined) return double
  throw new SluiceError(
    'invalid-record',
    `The number ${digits.length > 40 ? `${digits.slice(0, 40)}…` : digits} is beyond the range of doubles`,
  )
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Before parsing: parsers recurse, and where their stack ends differs from engine to engine. */
function checkDepth(text: string): void {
  // Too short to hold so many brackets and their ends.
  if (text.length <= MAX_JSON_DEPTH) return
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === QUOTE) i = endOfString(text, i)
    // `[` and `{` differ in one bit, and so do their closing ones.
    else if ((unit | 0x20) === 0x7b) {
      depth++
      if (depth > MAX_JSON_DEPTH) {
        throw new SluiceError(
          'invalid-record',
          `The text is nested deeper than ${MAX_JSON_DEPTH} levels at position ${i}`,
        )
      }
    } else if ((unit | 0x20) === 0x7d) depth--
  }
}

/** Where the string that begins at `start` ends; the last index when it does not. */
function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
}
