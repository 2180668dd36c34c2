import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimestampType, TimeType, TimeUnit } from '../../../src/contracts/index.ts'
import { unitsOf } from '../../../src/core/values/units-of.ts'
import { unitsText } from '../../../src/core/values/units-text.ts'

const type = (unit: TimeUnit, utc = true): TimestampType => ({ kind: 'timestamp', unit, utc })
const units = fc.constantFrom('ms' as const, 'us' as const, 'ns' as const)

describe('unitsText', () => {
  test.each<[number | bigint, TimeType | TimestampType, string]>([
    [0, { kind: 'time', unit: 'ms', utc: false }, '00:00:00.000'],
    [86_399_999_999_999, { kind: 'time', unit: 'ns', utc: true }, '23:59:59.999999999'],
    [-1, type('us'), '1969-12-31T23:59:59.999999Z'],
    [1, type('us', false), '1970-01-01T00:00:00.000001'],
    [2n ** 63n - 1n, type('ns'), '2262-04-11T23:47:16.854775807Z'],
    [-(2n ** 63n), type('ns'), '1677-09-21T00:12:43.145224192Z'],
    [8_640_000_000_000_000_000n, type('us'), '+275760-09-13T00:00:00.000000Z'],
    [1_767_225_600_000, type('ms'), '2026-01-01T00:00:00.000Z'],
  ])('%o of %j is %s', (count, of, text) => {
    expect(unitsText(count, of)).toBe(text)
    expect(unitsOf(text, of)).toBe(count)
  })

  test('has none beyond the years of Date', () => {
    expect(unitsText(2n ** 63n - 1n, type('us'))).toBeUndefined()
  })

  test('is read as what it was', () => {
    const count = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(count, units, fc.boolean(), (given, unit, utc) => {
        const text = unitsText(given, type(unit, utc))
        if (text !== undefined) expect(BigInt(unitsOf(text, type(unit, utc)) ?? 'none')).toBe(given)
      }),
    )
  })
})

describe('unitsOf ISO 8601 text', () => {
  test.each<[string, TimestampType, number | bigint]>([
    ['2026-01-01', type('ms'), 1_767_225_600_000],
    ['2026-01-01', type('ms', false), 1_767_225_600_000],
    ['2026-01-01T00:00Z', type('ms'), 1_767_225_600_000],
    ['2026-01-01 01:30:00.000000+01:30', type('ms'), 1_767_225_600_000],
    ['2025-12-31T22:00:00.5-02:00', type('us'), 1_767_225_600_500_000],
    ['2026-01-01 00:00:00.000001', type('us', false), 1_767_225_600_000_001],
  ])('%s as %j is %o', (text, of, count) => {
    expect(unitsOf(text, of)).toBe(count)
  })

  test.each<[string, TimestampType]>([
    ['2026-01-01T00:00:00', type('ms')],
    ['2026-01-01T00:00:00Z', type('ms', false)],
    ['2026-01-01T00:00:00.0001Z', type('ms')],
    ['2026-01-01T24:00:00Z', type('ms')],
    ['2026-01-01T23:59:60Z', type('ms')],
    ['2026-01-01T00:00:00+24:00', type('ms')],
    ['2026-02-30T00:00:00Z', type('ms')],
    ['2300-01-01', type('ns')],
    ['2026-01-01T00:00:00z', type('ms')],
    ['2026-01-01T00:00:00Z\n', type('ms')],
    ['1', type('ms')],
    ['', type('ms')],
  ])('%s as %j is none', (text, of) => {
    expect(unitsOf(text, of)).toBeUndefined()
  })
})
