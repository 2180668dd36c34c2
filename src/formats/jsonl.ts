import type { Chunk, Encoder, EncoderOptions, Format, Row, Schema } from '../contracts/index.ts'
import { totalBytes, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { jsonText, pointerStep } from '../core/json.ts'
import { NOT_A_COLUMN } from '../core/schemas/check-row.ts'
import { checkJsonRecord } from './check-record.ts'
import { checkpoints } from './checkpoints.ts'
import { FILE_TYPES } from './file-types.ts'

/** Text is encoded in pieces of about this length: one long string would be copied as it grows. */
const PIECE_LENGTH = 256 * 1024

/**
 * JSON Lines: each record as one line of JSON text, ended by `\n`, in UTF-8 without a byte order mark. No rows, no bytes.
 *
 * Exact: see `docs/values.md` for every kind of value. Refused with `invalid-record`: `NaN` and the infinities, functions,
 * symbols, invalid dates, more than 64 levels, and lone surrogates, for one of which many readers give up a whole file.
 *
 * With a schema, keys are written in its order, a key outside it is refused, and a missing one is left out. Without, each
 * record keeps its own order. Holds nothing back: `bufferedBytes` is 0, and it can be gone on with after any `write()`.
 *
 * @see https://jsonlines.org
 */
export function jsonl<R extends object = Row>(): Format<R> {
  return {
    ...FILE_TYPES.jsonl,
    takesAnyKeys: true,
    check: checkJsonRecord,
    encoder: lineEncoder,
  }
}

function lineEncoder({ schema, from }: EncoderOptions = {}): Encoder<object> {
  const lineText = schema ? orderedText(schema) : jsonText
  const places = checkpoints(FILE_TYPES.jsonl.extension, {}, schema)
  if (from) places.take(from)
  let { rows: rowsBefore, bytes: bytesBefore } = from ?? { rows: 0, bytes: 0 }
  return {
    bufferedBytes: 0,
    headBytes: 0,
    write(rows) {
      const chunks: Chunk[] = []
      let text = ''
      for (const row of rows) {
        text += `${lineText(row)}\n`
        rowsBefore++
        if (text.length < PIECE_LENGTH) continue
        chunks.push(utf8(text))
        text = ''
      }
      if (text !== '') chunks.push(utf8(text))
      bytesBefore += totalBytes(chunks)
      return chunks
    },
    close: () => ({ chunks: [] }),
    checkpoint: () => places.give(rowsBefore, bytesBefore),
  }
}

/** JSON text with the members in the schema's order. */
function orderedText(schema: Schema): (row: object) => string {
  const places = new Map(schema.fields.map(({ name }, place) => [name, place]))
  return (row) => {
    const keys = Object.keys(row)
    let last = -1
    let ordered = true
    for (const key of keys) {
      const place = places.get(key)
      if (place === undefined) {
        throw new SluiceError('invalid-record', `${pointerStep(key)} ${NOT_A_COLUMN}`)
      }
      if (place < last) ordered = false
      last = place
    }
    // Objects come in one shape mostly, and whole they are written faster than member by member.
    if (ordered) return jsonText(row)
    keys.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0))
    const members: string[] = []
    for (const key of keys) {
      const value = (row as Row)[key]
      if (value !== undefined) members.push(`${JSON.stringify(key)}:${jsonText(value)}`)
    }
    return `{${members.join(',')}}`
  }
}
