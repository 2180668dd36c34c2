import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalUnscaled } from '../../../src/core/values/decimal-unscaled.ts'

const NINES = '9'.repeat(38)

describe('decimalUnscaled', () => {
  test.each<[unknown, number, number, bigint]>([
    ['0', 1, 0, 0n],
    ['-0', 1, 0, 0n],
    ['-0.00', 3, 2, 0n],
    ['12.50', 4, 2, 1250n],
    ['-12.5', 4, 2, -1250n],
    ['12', 4, 2, 1200n],
    ['-0.5', 1, 1, -5n],
    ['0.05', 2, 2, 5n],
    ['1.5000000', 2, 1, 15n],
    [NINES, 38, 0, 10n ** 38n - 1n],
    [`-${NINES}`, 38, 0, 1n - 10n ** 38n],
    [`0.${NINES}`, 38, 38, 10n ** 38n - 1n],
    [12n, 4, 2, 1200n],
    [-99n, 4, 2, -9900n],
    [0n, 38, 38, 0n],
  ])('%o in (%i, %i) is %o', (value, precision, scale, unscaled) => {
    expect(decimalUnscaled(value, { precision, scale })).toBe(unscaled)
  })

  test.each<[unknown, number, number]>([
    ['100', 4, 2],
    ['0.123', 4, 2],
    ['1', 38, 38],
    [`1${NINES}`, 38, 0],
    [100n, 4, 2],
    [-100n, 4, 2],
    [1n, 1, 1],
    [12, 4, 2],
    [12.5, 4, 2],
    [null, 4, 2],
  ])('%o does not fit (%i, %i)', (value, precision, scale) => {
    expect(decimalUnscaled(value, { precision, scale })).toBeUndefined()
  })

  test.each([
    '',
    '-',
    '.',
    '1.',
    '.5',
    '+1',
    '01',
    '-01',
    '1e2',
    '1E2',
    ' 1',
    '1 ',
    '1,5',
    '0x1',
    '--1',
    '1.2.3',
    '١',
    'NaN',
    '1\n',
  ])('%o is no decimal', (text) => {
    expect(decimalUnscaled(text, { precision: 38, scale: 10 })).toBeUndefined()
  })

  test('a long text costs nothing', () => {
    expect(decimalUnscaled('9'.repeat(10_000_000), { precision: 38, scale: 0 })).toBeUndefined()
  })

  test('takes what has at most so many digits before and behind the point, and gives them back', () => {
    const digits = fc.bigInt({ min: 1n - 10n ** 38n, max: 10n ** 38n - 1n })
    const scales = fc.integer({ min: 0, max: 38 })
    fc.assert(
      fc.property(digits, scales, fc.integer({ min: 1, max: 38 }), (unscaled, scale, precision) => {
        const all = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
        const point = all.length - scale
        const text = `${unscaled < 0n ? '-' : ''}${all.slice(0, point)}.${all.slice(point)}0`
        fc.pre(scale <= precision)
        const fits = unscaled < 10n ** BigInt(precision) && unscaled > -(10n ** BigInt(precision))
        expect(decimalUnscaled(text, { precision, scale })).toBe(fits ? unscaled : undefined)
      }),
    )
  })
})
