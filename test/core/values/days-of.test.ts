import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, daysOf } from '../../../src/core/values/days-of.ts'

describe('daysOf', () => {
  test.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2000-02-29', 11_016],
    ['1900-03-01', -25_508],
    ['0000-01-01', -719_528],
    ['0000-02-29', -719_469],
    ['-000001-12-31', -719_529],
    ['9999-12-31', 2_932_896],
    ['+010000-01-01', 2_932_897],
    ['+275760-09-13', 100_000_000],
    ['-271821-04-20', -100_000_000],
    // Before the calendar of 1582 was made it is the same one: 4 October is followed by the 5th.
    ['1582-10-05', -141_437],
  ])('%s is day %i', (text, days) => {
    expect(daysOf(text)).toBe(days)
    expect(daysOf(new Date(days * DAY_MS))).toBe(days)
  })

  test.each([
    ...['1900-02-29', '2026-02-30', '2026-04-31', '2026-00-10', '2026-13-01', '2026-01-00'],
    ...['2026-1-1', '26-01-01', '10000-01-01', '-000000-01-01', '+275760-09-14', '-271821-04-19'],
    ...['', '2026-01-01T00:00:00Z', ' 2026-01-01', '2026-01-01\n', '2026/01/01', '20260101'],
    ...[0, 20_000, null, new Date(1), new Date(DAY_MS - 1), new Date(Number.NaN)],
  ])('%o is none', (value) => {
    expect(daysOf(value)).toBeUndefined()
  })

  test('agrees with the language about each day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const date = new Date(days * DAY_MS)
        expect(daysOf(date.toISOString().slice(0, -'T00:00:00.000Z'.length))).toBe(days)
      }),
    )
  })
})
