import type { Bytes, Row } from '../contracts/index.ts'
import { ByteBuffer } from '../core/byte-buffer.ts'
import { fromUtf8, fromUtf8Strict, ownBytes, utf8Length } from '../core/bytes.ts'
import { parseRecord, refuseTooLarge } from './parse-record.ts'
import {
  type InputOptions,
  type RecordParser,
  recordCounter,
  type Unreadable,
} from './record-reader.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const BLANK = /^[ \t\r]*$/
/** A byte order mark and a `\r`, which are no part of a record: whether they are there is seen when its line is complete. */
const SLACK_BYTES = 4

/** Cuts bytes into lines, and parses the lines that are complete in one go. */
export function ndjsonParser(options: InputOptions): RecordParser {
  const counter = recordCounter(options)
  /** The beginning of a line whose end has not come. */
  const held = new ByteBuffer()
  /** The rest of a line that was too large is passed over. */
  let skipping = false
  let line = 1
  /** Where the first line that is not parsed begins, in bytes. */
  let offset = 0

  /** The line as an unreadable record, once it is too large. */
  const hold = (piece: Bytes): Unreadable | undefined => {
    held.append(piece)
    if (held.byteLength <= counter.maxRecordBytes + SLACK_BYTES) return undefined
    const bytes = held.take()
    const place = `Line ${line} (byte ${offset})`
    const unreadable = refuseTooLarge(recordOf(bytes), counter, place)
    offset += bytes.byteLength
    skipping = true
    return unreadable
  }

  /** The line without what is not part of its record. */
  const recordOf = (lineBytes: Bytes): Bytes => {
    const { byteLength } = lineBytes
    let end = lineBytes[byteLength - 1] === NEWLINE ? byteLength - 1 : byteLength
    if (lineBytes[end - 1] === RETURN) end--
    const marked = offset === 0 && fromUtf8(lineBytes.subarray(0, 3)) === '\ufeff'
    return lineBytes.subarray(marked ? 3 : 0, end)
  }

  /** `bytes` are whole lines. */
  function* parseLines(bytes: Bytes): Generator<Row | Unreadable, void, undefined> {
    const text = fromUtf8Strict(bytes)
    if (text === undefined) {
      yield* parseSingly(bytes)
      return
    }
    const start = offset
    offset += bytes.byteLength
    const firstUnit = start === 0 && text.startsWith('\ufeff') ? 1 : 0
    for (let from = firstUnit; from < text.length; line++) {
      const newline = text.indexOf('\n', from)
      const end = newline < 0 ? text.length : newline
      const lineText = text.slice(from, text[end - 1] === '\r' ? end - 1 : end)
      if (!BLANK.test(lineText)) {
        const place = () => {
          const before = from === firstUnit ? 0 : utf8Length(text.slice(0, from))
          return `Line ${line} (byte ${start + before})`
        }
        yield parseRecord(lineText, counter, place)
      }
      from = end + 1
    }
  }

  /** Somewhere in these lines is what is not UTF-8. */
  function* parseSingly(bytes: Bytes): Generator<Row | Unreadable, void, undefined> {
    for (let from = 0; from < bytes.byteLength; ) {
      const newline = bytes.indexOf(NEWLINE, from)
      const end = newline < 0 ? bytes.byteLength : newline + 1
      const lineBytes = bytes.subarray(from, end)
      if (fromUtf8Strict(lineBytes) === undefined) {
        const place = `Line ${line} (byte ${offset})`
        const record = recordOf(lineBytes)
        yield record.byteLength > counter.maxRecordBytes
          ? refuseTooLarge(record, counter, place)
          : counter.refuse('invalid-record', place, 'The line is not UTF-8', fromUtf8(record), null)
        offset += lineBytes.byteLength
        line++
      } else yield* parseLines(lineBytes)
      from = end
    }
  }

  return {
    *push(chunk) {
      let bytes = ownBytes(chunk)
      if (skipping) {
        const newline = bytes.indexOf(NEWLINE)
        if (newline < 0) {
          offset += bytes.byteLength
          return
        }
        offset += newline + 1
        line++
        skipping = false
        bytes = bytes.subarray(newline + 1)
      }
      const end = bytes.lastIndexOf(NEWLINE) + 1
      if (end > 0) yield* parseLines(held.take(bytes.subarray(0, end)))
      const unreadable = hold(bytes.subarray(end))
      if (unreadable) yield unreadable
    },
    *end() {
      if (held.byteLength > 0) yield* parseLines(held.take())
    },
  }
}
