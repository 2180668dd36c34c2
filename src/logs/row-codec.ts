import type { Bytes, Row } from '../contracts/index.ts'
import { fromUtf8, utf8 } from '../core/bytes.ts'
import { rowOfText, rowText } from '../core/row-text.ts'
import { approximateBytes } from '../core/sizes.ts'
import { columnsText, isColumnsText, rowsOfColumns } from './row-columns.ts'

/** Rows of one lane, encoded together. */
export interface RowBlock {
  readonly body: Bytes
  readonly rows: number
}

/** Of fewer rows than this, lines take less room. */
const LEAST_ROWS = 8

/**
 * Cuts rows into blocks that are read back one at a time. A block holds at most `targetLength` characters, or one row.
 * Throws `invalid-record` for a row that `rowText` refuses.
 */
export function encodeRows(rows: readonly object[], targetLength: number = 2 ** 20): RowBlock[] {
  const blocks: RowBlock[] = []
  for (let from = 0; from < rows.length; ) {
    // As many as are likely to fit, by the size of the first one.
    const count = Math.max(1, Math.floor(targetLength / approximateBytes(rows[from])))
    const some = rows.slice(from, from + count)
    const text = some.length < LEAST_ROWS ? undefined : columnsText(some)
    if (text === undefined || text.length > targetLength) blocks.push(...lines(some, targetLength))
    else blocks.push({ body: utf8(text), rows: some.length })
    from += some.length
  }
  return blocks
}

function lines(rows: readonly object[], targetLength: number): RowBlock[] {
  const blocks: RowBlock[] = []
  let texts: string[] = []
  let length = 0
  const cut = (): void => {
    if (texts.length > 0) blocks.push({ body: utf8(texts.join('\n')), rows: texts.length })
    texts = []
    length = 0
  }
  for (const row of rows) {
    const line = rowText(row)
    if (length + line.length > targetLength) cut()
    texts.push(line)
    length += line.length
  }
  cut()
  return blocks
}

/** The rows of one block, equal to what was encoded. */
export function decodeRows(body: Uint8Array): Row[] {
  const text = fromUtf8(body)
  return isColumnsText(text) ? rowsOfColumns(text) : text.split('\n').map(rowOfText)
}
