import type { DecimalType } from '../../contracts/index.ts'

/** As JSON writes numbers, without an exponent. */
const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/
const ZEROS = /^0*$/

/**
 * The value in units of 10^-scale: `-12.5` of scale 2 is `-1250n`. `undefined` where the type cannot hold it exactly.
 *
 * Text is digits with at most a minus and a point in between: no plus, exponent, space or leading zero, and `-0` is 0. Zeros behind the
 * last digit of the scale change nothing and are taken. A `bigint` counts ones. Numbers are none: 0.1 is no decimal.
 */
export function decimalUnscaled(
  value: unknown,
  { precision, scale }: Omit<DecimalType, 'kind'>,
): bigint | undefined {
  if (typeof value === 'bigint') {
    const end = 10n ** BigInt(precision - scale)
    return value < end && value > -end ? value * 10n ** BigInt(scale) : undefined
  }
  const [, sign, ones, fraction = ''] = (typeof value === 'string' && DECIMAL.exec(value)) || []
  // Before a `BigInt` is made of them: that takes the square of the time.
  if (ones === undefined || (ones !== '0' && ones.length > precision - scale)) return undefined
  if (!ZEROS.test(fraction.slice(scale))) return undefined
  const unscaled = BigInt(ones + fraction.slice(0, scale).padEnd(scale, '0'))
  return sign === '-' ? -unscaled : unscaled
}
