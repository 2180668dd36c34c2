import type { Row } from '../contracts/index.ts'
import { inheritsNothing, isPlainJson } from '../core/json.ts'

/** No line of `rowText` begins so. */
const COLUMNS = '#'
/** Of a column of times, as milliseconds. */
const TIMES = 'd'

interface Column {
  readonly name: string
  readonly values: unknown[]
  kind: 'unknown' | 'plain' | 'times'
}

/**
 * Rows of one kind as their names and a line of JSON for each column, exact as `rowText`, in less than half of the time, both ways: the
 * engine's JSON has a call to make for each column, and not for each row. `undefined` where a row has other keys than the first one, or
 * in another order, or a value that is neither plain JSON nor a time.
 */
export function columnsText(rows: readonly object[]): string | undefined {
  const columns = Object.keys(rows[0] ?? {}).map(
    (name): Column => ({ name, values: [], kind: 'unknown' }),
  )
  if (columns.length === 0) return undefined
  for (const row of rows) if (!addRow(columns, row as Row)) return undefined
  const names = columns.map(({ name }) => name)
  const lines = columns.map(
    ({ kind, values }) => (kind === 'times' ? TIMES : '') + JSON.stringify(values),
  )
  return [COLUMNS + JSON.stringify(names), ...lines].join('\n')
}

function addRow(columns: readonly Column[], row: Row): boolean {
  if (!inheritsNothing(row)) return false
  let at = 0
  for (const key in row) {
    const column = columns[at++]
    if (column?.name !== key || !addValue(column, row[key])) return false
  }
  return at === columns.length
}

function addValue(column: Column, value: unknown): boolean {
  let text = value
  if (value instanceof Date) {
    if (column.kind === 'plain' || Number.isNaN(value.getTime())) return false
    column.kind = 'times'
    text = value.getTime()
  } else if (value !== null) {
    // At the second level: the row is the first.
    if (column.kind === 'times' || !isPlainJson(value, false, 2)) return false
    column.kind = 'plain'
  }
  column.values.push(text)
  return true
}

export function isColumnsText(text: string): boolean {
  return text.startsWith(COLUMNS)
}

/** The rows behind the text, equal to what `columnsText` was given. */
export function rowsOfColumns(text: string): Row[] {
  const [names = '', ...lines] = text.slice(COLUMNS.length).split('\n')
  const members = (JSON.parse(names) as string[]).map((name, at) => ({
    name,
    values: valuesOf(lines[at] as string),
  }))
  // Copies have all members as their own from the start: there is room for them, and what is assigned below changes them, under the key
  // `__proto__` too.
  const empty = Object.fromEntries(members.map(({ name }) => [name, null]))
  const rows = (members[0]?.values ?? []).map((): Record<string, unknown> => ({ ...empty }))
  for (const { name, values } of members) {
    for (let i = 0; i < rows.length; i++) (rows[i] as Record<string, unknown>)[name] = values[i]
  }
  return rows
}

function valuesOf(line: string): unknown[] {
  if (!line.startsWith(TIMES)) return JSON.parse(line)
  const times = JSON.parse(line.slice(TIMES.length)) as (number | null)[]
  return times.map((ms) => (ms === null ? null : new Date(ms)))
}
