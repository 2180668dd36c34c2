/**
 * Whether the digits are those of a double: its exact value, or how JavaScript prints it. The second is how doubles
 * from 2^53 to 10^21 come back from JSON, where they have no exponent.
 */
export function fitsDouble(value: bigint): boolean {
  const double = Number(value)
  return Number.isFinite(double) && (BigInt(double) === value || String(double) === String(value))
}

/** The number that a column of doubles keeps of the value, `undefined` for what is none: of a `bigint`, where it is one exactly. */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' && fitsDouble(value) ? Number(value) : undefined
}

/**
 * The double nearest to a decimal, which may have an exponent. `undefined` where that is an infinity, or 0 for what is
 * not 0: no double is near it.
 */
export function nearestDouble(decimal: string): number | undefined {
  const double = Number(decimal)
  if (!Number.isFinite(double)) return undefined
  return double === 0 && /^[^eE]*[1-9]/.test(decimal) ? undefined : double
}
