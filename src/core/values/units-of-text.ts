import type { TimestampType } from '../../contracts/index.ts'
import { DAY_MS, daysOf } from './days-of.ts'
import { PER_MS, unitsOf } from './units-of.ts'

const MOMENT =
  /^([+-]?\d{4,6}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|([+-])([01]\d|2[0-3]):([0-5]\d))?)?$/

/**
 * A moment as text in units of its type: an ISO 8601 day, which begins at midnight, or a day and a time of at most 9 digits of a
 * fraction, with an offset where the type is in UTC and without one where it is not. `undefined` where the type cannot hold it exactly.
 */
export function unitsOfText(text: string, type: TimestampType): number | bigint | undefined {
  const [, day, time, rest = ':00', zone, sign, hours, minutes] = MOMENT.exec(text) ?? []
  const days = daysOf(day)
  if (days === undefined) return undefined
  if (time !== undefined && (zone !== undefined) !== type.utc) return undefined
  const units = unitsOf(`${time ?? '00:00'}${rest}`, { kind: 'time', unit: type.unit, utc: false })
  if (units === undefined) return undefined
  const offset =
    (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -60_000 : 60_000)
  const perMs = BigInt(PER_MS[type.unit])
  return unitsOf(BigInt(days * DAY_MS - offset) * perMs + BigInt(units), type)
}
