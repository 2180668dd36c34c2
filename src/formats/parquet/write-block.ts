import type { Chunk, Field, Row, Schema } from '../../contracts/index.ts'
import { type BlockColumn, isText, RowBlock, valuesOf } from '../../core/rows/row-block.ts'
import { keptArray } from './columns/kept-arrays.ts'
import type { RowGroups } from './row-groups.ts'
import type { ShreddedField, Shredder } from './rows/shredder.ts'
import type { Steps } from './steps.ts'

/** How many are taken, and given up together where a row group ends among them. */
const SLICE_ROWS = 1024

/**
 * Takes the rows of a block by their columns, and not one of them is made again. Those among which a row group ends, or one does not fit, are
 * taken row by row: it is the same row however rows come.
 */
export function* writeBlock(
  groups: RowGroups,
  { fields }: Schema,
  given: RowBlock<unknown>,
  addRow: (row: Row) => void,
): Steps<readonly Chunk[]> {
  // Whose columns are looked for once.
  const block = new RowBlock(given.length, given.columns)
  const chunks: Chunk[] = []
  const names = new Set(fields.map(({ name }) => name))
  const isKnown = block.columns.every(({ name }) => names.has(name))
  for (let from = 0; from < block.length; ) {
    const to = Math.min(block.length, from + Math.min(SLICE_ROWS, groups.room))
    const slice = block.slice(from, to)
    const addAll = (shredder: Shredder): boolean => addedColumns(shredder, fields, slice)
    // Texts may be large, and would be copied to no end.
    if (isKnown && groups.hasRoomFor(textBytes(slice)) && groups.addAll(slice.length, addAll)) {
      if (groups.isFull) chunks.push(...(yield* groups.end()))
    } else {
      for (const row of slice) {
        addRow(row as Row)
        if (groups.isFull) chunks.push(...(yield* groups.end()))
      }
    }
    from = to
  }
  return chunks
}

function textBytes({ length, columns }: RowBlock<unknown>): number {
  let bytes = 0
  for (const { kind, values } of columns) {
    if (isText(kind)) bytes += (values[length] as number) - (values[0] as number)
  }
  return bytes
}

/** Whether each column could be taken to its end. */
function addedColumns(
  { parts }: Shredder,
  fields: readonly Field[],
  { columns, length }: RowBlock<unknown>,
): boolean {
  const byName = new Map(columns.map((column) => [column.name, column]))
  return parts.every((part, place) => {
    const field = fields[place] as Field
    return addedColumn(part, field, byName.get(field.name), length)
  })
}

function addedColumn(
  { addAll, column: { values, levels } }: ShreddedField,
  field: Field,
  column: BlockColumn | undefined,
  length: number,
): boolean {
  if (column && !column.nulls && takeWhole(values, field, column)) {
    levels.allPresent(length)
    return true
  }
  const all = column ? valuesOf(column, length) : new Array<undefined>(length)
  return addAll(all, 0, length) === length
}

/** Whether the column could be taken as it is. */
function takeWhole(
  into: ShreddedField['column']['values'],
  { type }: Field,
  { kind, values, text }: BlockColumn,
): boolean {
  switch (kind) {
    case 'ascii':
      if (type !== 'string' && type !== 'enum') return false
      into.appendAscii?.(text, values as Uint32Array)
      return true
    case 'time':
      if (type !== 'timestamp') return false
      into.append?.(values)
      return true
    case 'number':
    case 'int32': {
      // What these keep are numbers, and what they take are not.
      if (type === 'date' || type === 'timestamp') return false
      const kept = keptArray(values, type)
      if (kept) into.append?.(kept)
      return kept !== undefined
    }
    default:
      return false
  }
}
