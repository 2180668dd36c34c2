import type { Row } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { isData } from '../../../core/json.ts'
import { describeValue } from '../../../core/schemas/describe-value.ts'

/** Throws `invalid-record` for what are no rows: a text has characters, which are none either. */
export function checkRows(rows: unknown): void {
  if (typeof rows === 'object' && rows !== null && Symbol.iterator in rows) return
  const message = `Rows are given as an array or another iterable of objects, as [{ id: 1 }], not as ${describeValue(rows)}`
  throw new SluiceError('invalid-record', message)
}

/** Objects of classes too, whose members are their own. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && isData(value)
}

/** What is said of anything else. */
export function noRow(value: unknown): string {
  return `a row is an object of its columns, not ${describeValue(value)}`
}
