import { describe, expect, test } from 'vitest'
import { canonicalFor } from '../../scripts/start/canonical.ts'
import { Summary } from '../../scripts/start/summary.ts'

const typed = canonicalFor('ndjson', 'parquet')
const texts = canonicalFor('csv', 'parquet')

function summary(rows: readonly Record<string, unknown>[], canonical = typed): Summary {
  const result = new Summary(canonical)
  for (const row of rows) result.add(row)
  return result
}

describe('a summary', () => {
  test('does not depend on the order of records or keys', () => {
    const a = summary([{ n: 0.1, t: 'x' }, { n: 0.2 }, { n: 0.3 }, { n: 1e300 }, { n: -1e300 }])
    const b = summary([{ n: -1e300 }, { n: 0.3 }, { n: 1e300 }, { n: 0.2 }, { t: 'x', n: 0.1 }])
    expect(a.differences(b)).toEqual([])
  })

  test('counts equal records as often as they occur', () => {
    expect(summary([{ n: 1 }, { n: 1 }]).differences(summary([{ n: 1 }]))).toEqual([
      '2 records went in, 1 came out',
      'column "n": 2 values in, 1 out',
      'the hashes of the records differ',
    ])
  })

  test.each([
    ['a number', [{ n: 1 }], [{ n: 2 }], 'column "n": the sum differs by 1'],
    ['the last bit', [{ n: 0.1 }], [{ n: 0.1 + 2 ** -56 }], 'column "n": the sum differs by'],
    ['the smallest double', [{ n: 0 }], [{ n: 5e-324 }], 'column "n": the sum differs by'],
    ['a type', [{ n: 1 }], [{ n: '1' }], 'column "n": 1 numbers in, 0 out'],
    ['a text', [{ t: 'ab' }], [{ t: 'a' }], 'column "t": 2 characters in, 1 out'],
    ['an empty text', [{ t: '' }], [{ t: null }], 'column "t": 1 values in, 0 out'],
    ['a letter', [{ t: 'a' }], [{ t: 'b' }], 'the hashes of the records differ'],
    ['a sign of zero', [{ n: 0 }], [{ n: -0 }], 'the hashes of the records differ'],
    ['a column', [{ a: 1 }], [{ b: 1 }], 'column "a": 1 values in, 0 out'],
    [
      'what belongs together',
      [
        { a: 1, b: 1 },
        { a: 2, b: 2 },
      ],
      [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
      'the hashes of the records differ',
    ],
  ])('sees that %s has changed', (_what, before, after, words) => {
    expect(summary(before).differences(summary(after)).join('\n')).toContain(words)
  })

  test('takes a record out again', () => {
    const all = summary([{ n: 1, t: 'x' }, { n: 2.5 }])
    all.remove({ n: 1, t: 'x' })
    expect(all.differences(summary([{ n: 2.5 }]))).toEqual([])
  })
})

describe('values compare', () => {
  test.each([
    ['a missing key with null', { a: 1 }, { a: 1, b: null }],
    ['64-bit integers with numbers', { a: 7, b: 1e20 }, { a: 7n, b: 100000000000000000000n }],
    ['nested data as JSON', { a: { x: 1, y: [2] } }, { a: { y: [2n], x: 1 } }],
  ])('by type: %s', (_what, a, b) => {
    expect(summary([a]).differences(summary([b]))).toEqual([])
  })

  test('by type: large integers exactly', () => {
    const a = summary([{ a: 9007199254740993n }])
    expect(a.differences(summary([{ a: 9007199254740992n }]))).not.toEqual([])
  })

  test.each([
    ['a number with its text', '1.50', 1.5],
    ['a large integer with its text', '9007199254740993', 9007199254740993n],
    ['a boolean with its text', 'TRUE', true],
    ['an empty field with null', '', null],
    ['JSON with nested data', '{"b":[1],"a":null}', { a: null, b: [1] }],
  ])('by text: %s', (_what, a, b) => {
    expect(summary([{ a }], texts).differences(summary([{ a: b }], texts))).toEqual([])
  })

  test.each([
    ['a number with leading zeros', '007', 7],
    ['a large integer that was rounded', '9007199254740993', 9007199254740992],
    ['a date that became a time', '1990-01-08', '1990-01-08T00:00:00.000Z'],
  ])('by text, and differ: %s', (_what, a, b) => {
    expect(summary([{ a }], texts).differences(summary([{ a: b }], texts))).not.toEqual([])
  })
})
