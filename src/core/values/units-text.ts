import type { TimestampType, TimeType } from '../../contracts/index.ts'
import { PER_MS } from './units-of.ts'

/**
 * What `unitsOf` gave as text: `23:59:59.999`, and a moment as ISO 8601 with all digits of its unit, and `Z` where it is one of UTC.
 * `undefined` for a moment beyond the years that ISO 8601 text can say here, as `Date` has them.
 */
export function unitsText(
  units: number | bigint,
  { kind, unit, utc }: TimeType | TimestampType,
): string | undefined {
  const all = BigInt(units)
  const perMs = BigInt(PER_MS[unit])
  const rest = ((all % perMs) + perMs) % perMs
  const date = new Date(Number((all - rest) / perMs))
  if (Number.isNaN(date.getTime())) return undefined
  const digits = perMs === 1n ? '' : String(rest).padStart(String(perMs).length - 1, '0')
  const text = date.toISOString().slice(0, -'Z'.length) + digits
  if (kind === 'time') return text.slice(text.indexOf('T') + 1)
  return utc ? `${text}Z` : text
}
