import type { Field, Row } from 'sluice'
import type { Cell } from '../messages.ts'

const MAX_COLUMNS = 40
const MAX_LENGTH = 120

/** Records as a table shows them. */
export function cells(
  rows: readonly Row[],
  columns: readonly Field[],
): readonly (readonly Cell[])[] {
  const names = columns.slice(0, MAX_COLUMNS).map(({ name }) => name)
  return rows.map((row) =>
    names.map((name) => (Object.hasOwn(row, name) ? cell(row[name]) : undefined)),
  )
}

function cell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  const text = typeof value === 'object' ? JSON.stringify(value, plain) : String(value)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

/** JSON has integers of any size; `JSON.stringify` has not. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
