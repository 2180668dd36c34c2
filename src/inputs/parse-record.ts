import type { Row } from '../contracts/index.ts'
import { utf8, utf8Length } from '../core/bytes.ts'
import { isSluiceError } from '../core/errors.ts'
import { parseJson } from '../core/parse-json.ts'
import type { RecordCounter, Unreadable } from './record-reader.ts'

/** The record of a JSON text. `place` is asked for only when it is unreadable. */
export function parseRecord(
  text: string,
  counter: RecordCounter,
  place: () => string,
): Row | Unreadable {
  if (isLonger(text, counter.maxRecordBytes)) return refuseTooLarge(utf8(text), counter, place())
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    if (!isSluiceError(error)) throw error
    return counter.refuse(error.code, place(), error.message, text)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
    return counter.refuse('invalid-record', place(), `A record is an object, not ${found}`, text)
  }
  counter.taken()
  return value as Row
}

/** Whether the text has more bytes of UTF-8. */
export function isLonger(text: string, bytes: number): boolean {
  // A UTF-16 unit has at most three.
  return text.length * 3 > bytes && utf8Length(text) > bytes
}

/** `bytes` are the record, or enough of it to see that it is too large. */
export function refuseTooLarge(
  bytes: Uint8Array,
  counter: RecordCounter,
  place: string,
): Unreadable {
  const { maxRecordBytes } = counter
  // As if more were to come, so that a character that is cut in two is left out.
  const raw = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    bytes.subarray(0, maxRecordBytes),
    { stream: true },
  )
  const message = `The record has more than ${maxRecordBytes} bytes`
  return counter.refuse('too-large', place, message, raw, null)
}
