import type { Rejection, Row, Schema } from '../../contracts/index.ts'
import { refuseRecord } from '../json.ts'
import { type Members, membersFault } from './value-fault.ts'

/** What is said of a key outside the schema. */
export const NOT_A_COLUMN = 'is not a column of the schema'

const COLUMNS: Members = { subject: 'the column is', stranger: NOT_A_COLUMN }

/**
 * Why this row does not fit the schema, or `undefined`: the first of a missing value of a column that needs one, a value of
 * another type or out of its range, and a key that the schema lacks. Integer columns take `-0` as 0; columns of floats and doubles take a
 * `bigint` that is a double; `json` and `variant` columns take `NaN` and the infinities, which become their names in JSON.
 */
export function checkRow({ fields }: Schema, row: Row): Rejection | undefined {
  const fault = membersFault(fields, row, COLUMNS)
  return fault && refuseRecord(fault.path, fault.message)
}
