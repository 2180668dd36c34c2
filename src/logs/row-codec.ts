import type { Bytes, Row } from '../contracts/index.ts'
import { fromUtf8, utf8 } from '../core/bytes.ts'
import { rowOfText, rowText } from '../core/row-text.ts'

/** Rows of one lane, encoded together. */
export interface RowBlock {
  readonly body: Bytes
  readonly rows: number
}

/**
 * Cuts rows into blocks that are read back one at a time. A block holds at most `targetLength` characters, or one row.
 * Throws `invalid-record` for a row that `rowText` refuses.
 */
export function encodeRows(rows: Iterable<object>, targetLength: number = 2 ** 20): RowBlock[] {
  const blocks: RowBlock[] = []
  let lines: string[] = []
  let length = 0
  const cut = (): void => {
    if (lines.length > 0) blocks.push({ body: utf8(lines.join('\n')), rows: lines.length })
    lines = []
    length = 0
  }
  for (const row of rows) {
    const line = rowText(row)
    if (length + line.length > targetLength) cut()
    lines.push(line)
    length += line.length
  }
  cut()
  return blocks
}

/** The rows of one block, equal to what was encoded. */
export function decodeRows(body: Uint8Array): Row[] {
  return fromUtf8(body).split('\n').map(rowOfText)
}
