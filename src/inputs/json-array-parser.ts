import type { Bytes, Row } from '../contracts/index.ts'
import { ByteBuffer } from '../core/byte-buffer.ts'
import { fromUtf8, fromUtf8Strict, ownBytes } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { parseRecord, refuseTooLarge } from './parse-record.ts'
import {
  type InputOptions,
  type RecordParser,
  recordCounter,
  type Unreadable,
} from './record-reader.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN = 0x5b
const CLOSE = 0x5d
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** What may come next, outside of an element. */
type State = 'start' | 'element or end' | 'element' | 'in element' | 'done'

/**
 * Finds where the elements of a top-level array begin and end, by their brackets and quotes alone, and parses each.
 * In UTF-8 no byte of those is ever part of another character.
 */
export function jsonArrayParser(options: InputOptions): RecordParser {
  const counter = recordCounter(options)
  let state: State = 'start'
  /** Bytes before the current chunk. */
  let offset = 0
  /** The element that is being read: where it began, what came of it in earlier chunks, and where we are in it. */
  let elementAt = 0
  const held = new ByteBuffer()
  /** It was too large and has been refused: the rest of it is passed over. */
  let skipping = false
  let depth = 0
  let inString = false
  let escaped = false

  const place = (): string => `Record ${counter.index + 1} (byte ${elementAt})`

  const parse = (bytes: Bytes): Row | Unreadable => {
    if (bytes.byteLength > counter.maxRecordBytes) return refuseTooLarge(bytes, counter, place())
    const text = fromUtf8Strict(bytes)
    if (text !== undefined) return parseRecord(text, counter, place)
    return counter.refuse(
      'invalid-record',
      place(),
      'The record is not UTF-8',
      fromUtf8(bytes),
      null,
    )
  }

  /** Takes the next piece of the element: what comes of it when it ends, or is too large. */
  const take = (piece: Bytes, ended: boolean): Row | Unreadable | undefined => {
    const refused = skipping
    skipping = !ended && (refused || held.byteLength + piece.byteLength > counter.maxRecordBytes)
    if (refused) return undefined
    if (ended || skipping) return parse(held.take(piece))
    held.append(piece)
    return undefined
  }

  /** Where the element ends in this chunk: the index of its comma or closing bracket, or the chunk's length. */
  const scan = (bytes: Bytes, from: number): number => {
    for (let i = from; i < bytes.byteLength; i++) {
      const byte = bytes[i] as number
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) inString = true
      else if (depth === 0 && (byte === COMMA || byte === CLOSE)) return i
      // `[` and `{` differ in one bit, and so do `]` and `}`.
      else if ((byte | 0x20) === 0x7b) depth++
      else if ((byte | 0x20) === 0x7d && depth > 0) depth--
    }
    return bytes.byteLength
  }

  /** A byte outside of elements. Leaves it to be read again when an element begins with it. */
  const step = (byte: number, at: number): void => {
    const first = state === 'start' && BYTE_ORDER_MARK[at] === byte
    if (isSpace(byte) || first) return
    if (state === 'start' && byte === OPEN) state = 'element or end'
    else if (state === 'element or end' && byte === CLOSE) state = 'done'
    else if (state.startsWith('element') && byte !== COMMA && byte !== CLOSE) {
      state = 'in element'
      elementAt = at
      depth = 0
    } else throw notOneArray(at, EXPECTED[state])
  }

  return {
    *push(chunk) {
      const bytes = ownBytes(chunk)
      let i = 0
      while (i < bytes.byteLength) {
        if (state !== 'in element') {
          step(bytes[i] as number, offset + i)
          if ((state as State) !== 'in element') i++
          continue
        }
        const end = scan(bytes, i)
        const ended = end < bytes.byteLength
        const record = take(bytes.subarray(i, end), ended)
        if (ended) state = bytes[end] === COMMA ? 'element' : 'done'
        i = end + 1
        if (record) yield record
      }
      offset += bytes.byteLength
    },
    // biome-ignore lint/correctness/useYield: the array's end was its closing bracket
    *end() {
      if (state !== 'done') throw notOneArray(offset, `${EXPECTED[state]}, but it ends`)
    },
  }
}

const EXPECTED: Readonly<Record<State, string>> = {
  start: 'an opening bracket is expected',
  'element or end': 'a record or a closing bracket is expected',
  element: 'a record is expected after the comma',
  'in element': 'the record is to be ended by a comma or a closing bracket',
  done: 'nothing may follow the closing bracket',
}

function notOneArray(at: number, message: string): SluiceError {
  return new SluiceError(
    'invalid-record',
    `The input is not one JSON array: at byte ${at}, ${message}`,
  )
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
