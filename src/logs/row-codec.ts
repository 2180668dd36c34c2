import type { Bytes, Row, Rows } from '../contracts/index.ts'
import { fromUtf8, utf8 } from '../core/bytes.ts'
import { rowOfText, rowText } from '../core/row-text.ts'
import { LEAST_BLOCK_ROWS } from '../core/rows/block-builder.ts'
import { blockBytes, blockOfBytes, isBlockBytes } from '../core/rows/block-bytes.ts'
import { RowBlock } from '../core/rows/row-block.ts'
import { approximateBytes } from '../core/sizes.ts'
import { columnsText, isColumnsText, rowsOfColumns } from './row-columns.ts'

/** Rows of one lane, encoded together. */
export interface RowBytes {
  readonly body: Bytes
  readonly rows: number
}

/**
 * Cuts rows into blocks that are read back one at a time. A block holds at most about `targetBytes`, or one row.
 * Throws `invalid-record` for a row that `rowText` refuses.
 */
export function encodeRows(rows: Rows<object>, targetBytes: number = 2 ** 20): RowBytes[] {
  if (rows instanceof RowBlock) return pieces(rows, targetBytes)
  return encodeObjects([...rows], targetBytes)
}

/** Halves what is too long. */
function pieces(block: RowBlock<object>, targetBytes: number): RowBytes[] {
  const { length } = block
  const body = blockBytes(block)
  if (body.byteLength <= targetBytes) return [{ body, rows: length }]
  if (length < 2 * LEAST_BLOCK_ROWS) return encodeObjects(block.rows(), targetBytes)
  const half = length >> 1
  return [...pieces(block.slice(0, half), targetBytes), ...pieces(block.slice(half), targetBytes)]
}

function encodeObjects(rows: readonly object[], targetLength: number): RowBytes[] {
  const blocks: RowBytes[] = []
  for (let from = 0; from < rows.length; ) {
    // As many as are likely to fit, by the size of the first one.
    const count = Math.max(1, Math.floor(targetLength / approximateBytes(rows[from])))
    const some = rows.slice(from, from + count)
    const text = some.length < LEAST_BLOCK_ROWS ? undefined : columnsText(some)
    if (text === undefined || text.length > targetLength) blocks.push(...lines(some, targetLength))
    else blocks.push({ body: utf8(text), rows: some.length })
    from += some.length
  }
  return blocks
}

function lines(rows: readonly object[], targetLength: number): RowBytes[] {
  const blocks: RowBytes[] = []
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

/** The rows of blocks that follow one another, equal to what was encoded; those that are objects together. */
export function decodeAll(bodies: readonly Bytes[]): Rows[] {
  const all: Rows[] = []
  let objects: Row[] | undefined
  for (const body of bodies) {
    const rows = decodeRows(body)
    if (rows instanceof RowBlock) {
      all.push(rows)
      objects = undefined
    } else if (objects) {
      // Not all at once: as arguments, those of one body are too many for some stacks.
      for (const row of rows) objects.push(row)
    } else {
      objects = [...rows]
      all.push(objects)
    }
  }
  return all
}

/** The rows of one block, equal to what was encoded. */
export function decodeRows(body: Bytes): Rows {
  if (isBlockBytes(body)) return blockOfBytes(body)
  const text = fromUtf8(body)
  return isColumnsText(text) ? rowsOfColumns(text) : text.split('\n').map(rowOfText)
}
