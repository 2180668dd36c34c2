import type { ColumnMetaData, OffsetIndex, RowGroup, SchemaElement } from 'hyparquet'
import type { ParquetWriter } from 'hyparquet-writer/src/parquet-writer.js'
import { unconvertMinMax } from 'hyparquet-writer/src/unconvert.js'
import type { Row } from '../../../contracts/index.ts'

/** Bounds are cut to this in the footer, by hyparquet-writer's own default. */
const BOUND_BYTES = 16

/** What the footer says of the row groups that are written, as plain data. */
export interface ParquetIndex {
  readonly groups: readonly RowGroup[]
  /** Where the pages of each column chunk lie, in the order of the groups and their columns. */
  readonly pages: readonly (OffsetIndex | undefined)[]
}

export function indexOf({ row_groups, pendingIndexes }: ParquetWriter): Row {
  const pages = pendingIndexes.map(({ offsetIndex }) => offsetIndex)
  return { groups: row_groups, pages } satisfies ParquetIndex
}

/** Gives a writer that has written nothing the row groups of an earlier one. */
export function restoreIndex(writer: ParquetWriter, { groups, pages }: ParquetIndex): void {
  for (const group of groups) {
    writer.row_groups.push(group)
    writer.num_rows += group.num_rows
    for (const chunk of group.columns) {
      const offsetIndex = pages[writer.pendingIndexes.length]
      writer.pendingIndexes.push({ chunk, ...(offsetIndex && { offsetIndex }) })
    }
  }
}

/**
 * Cuts the bounds of the last row group's columns to what decides their form in the footer: the writer keeps the values as they are,
 * and one may be as long as a record.
 */
export function shortenBounds(writer: ParquetWriter, elements: readonly SchemaElement[]): void {
  for (const [i, { meta_data }] of (writer.row_groups.at(-1)?.columns ?? []).entries()) {
    // The first element is the root of the columns.
    const element = elements[i + 1]
    const { statistics } = meta_data ?? {}
    if (!statistics || !element) continue
    const { min_value, max_value } = statistics
    if (min_value !== undefined) statistics.min_value = shortened(min_value, element, false)
    if (max_value !== undefined) statistics.max_value = shortened(max_value, element, true)
  }
}

type Bound = NonNullable<NonNullable<ColumnMetaData['statistics']>['min_value']>

function shortened(value: Bound, element: SchemaElement, isMax: boolean): Bound {
  const beginning = beginningOf(value)
  if (beginning === undefined) return value
  // Where no short text is above it the whole one is kept; and JSON is never cut.
  const bound = unconvertMinMax(beginning, element, isMax)
  return bound && bound.byteLength <= BOUND_BYTES ? beginning : value
}

/** One character more than is kept, so that it is seen to have been cut; `undefined` where there is nothing to cut. */
function beginningOf(value: Bound): string | Uint8Array | undefined {
  if (value instanceof Uint8Array) {
    return value.byteLength > BOUND_BYTES + 1 ? value.slice(0, BOUND_BYTES + 1) : undefined
  }
  if (typeof value !== 'string' || value.length <= 2 * (BOUND_BYTES + 1)) return undefined
  return [...value.slice(0, 2 * (BOUND_BYTES + 1))].slice(0, BOUND_BYTES + 1).join('')
}
