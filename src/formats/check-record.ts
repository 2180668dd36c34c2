import type { Rejection } from '../contracts/index.ts'
import { isPlainObject, jsonProblem, pointerStep, refuseRecord } from '../core/json.ts'
import { isWellFormed } from '../core/keys.ts'

/** Why the record cannot be a line of JSON, or `undefined`. Never throws, whatever it is given. */
export function checkJsonRecord(record: unknown): Rejection | undefined {
  return guarded(record, (row) => {
    const problem = jsonProblem(row, { wellFormed: true })
    return problem && refuseRecord(problem.path, problem.message)
  })
}

/**
 * Why the record cannot be a row of a file of columns, or `undefined`. Unlike in JSON any number can stand in a column
 * of its own, and a record without keys cannot be told from no record. Never throws.
 */
export function checkColumnsRecord(record: unknown): Rejection | undefined {
  return guarded(record, (row) => {
    const keys = Object.keys(row)
    return keys.length === 0
      ? refuseRecord('', 'has no keys; a file of columns cannot hold it')
      : checkMembers(row)
  })
}

type Data = Readonly<Record<string, unknown>>

/** Why no columns could hold the members of the row, or `undefined`. Throws what they throw. */
export function checkMembers(row: Data): Rejection | undefined {
  for (const key of Object.keys(row)) {
    if (!isWellFormed(key)) return refuseRecord('', 'has a key with a lone surrogate')
    const value = row[key]
    if (value === undefined || typeof value === 'number') continue
    const problem = jsonProblem(value, { wellFormed: true })
    if (problem) return refuseRecord(pointerStep(key) + problem.path, problem.message)
  }
  return undefined
}

function guarded(
  record: unknown,
  check: (row: Data) => Rejection | undefined,
): Rejection | undefined {
  try {
    return isPlainObject(record) ? check(record) : refuseRecord('', 'is not a plain object')
  } catch {
    // A getter, a `toJSON` or a proxy of the caller's.
    return refuseRecord('', 'cannot be read: one of its properties throws')
  }
}
