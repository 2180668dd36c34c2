import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textValue } from '../../../src/core/values/text-value.ts'

describe('textValue', () => {
  test.each([
    ['true', true],
    ['FALSE', false],
    ['0', 0],
    ['-17', -17],
    ['9007199254740993', 9007199254740993n],
    ['1.50', 1.5],
    ['-0', -0],
    ['-0.0', -0],
    ['0.30000000000000004', 0.30000000000000004],
    [`0.${'0'.repeat(307)}3`, 3e-308],
    [`0.${'0'.repeat(400)}`, 0],
    ['2026-02-28', new Date('2026-02-28T00:00:00Z')],
    ['2026-02-28 12:30Z', new Date('2026-02-28T12:30:00Z')],
    ['2026-02-28T12:30:05.25+02:00', new Date('2026-02-28T10:30:05.250Z')],
  ])('%s is %o', (text, value) => {
    expect(textValue(text)).toStrictEqual(value)
  })

  test.each([
    ...[
      '',
      ' ',
      '007',
      '00',
      '+1',
      '1e5',
      ' 1',
      '1 ',
      '0x10',
      'NaN',
      'Infinity',
      '1.',
      '.5',
      '1,5',
      '00.5',
      '--1',
      '١',
    ],
    // Nothing, and with fewer digits, is what doubles would make of these.
    ...[`0.${'0'.repeat(400)}1`, `-0.${'0'.repeat(320)}123`, `${'9'.repeat(400)}.5`],
    ...['9223372036854775808', '0.12345678901234567890', '12345678901234567.5', 'yes', 't', 'null'],
    ...[
      '2026-02-30',
      '2026-13-01',
      '2026-02-28T12:30',
      '2026-02-28T12:30:05.1234Z',
      '28.02.2026',
      '2026-2-8',
    ],
  ])('"%s" stays text', (text) => {
    expect(textValue(text)).toBe(text)
  })

  test('never loses a number', () => {
    const decimal = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?$/)
    fc.assert(
      fc.property(decimal, (text) => {
        const value = textValue(text)
        if (typeof value === 'string') return
        const shorter = text.includes('.') ? text.replace(/\.?0+$/, '') : text
        const plain = Object.is(value, -0) ? '-0' : String(value)
        // What JavaScript prints with an exponent is compared by value: 15 digits at most.
        if (plain.includes('e')) expect(Number(plain)).toBe(Number(text))
        else expect(plain).toBe(shorter)
      }),
      { numRuns: 2000 },
    )
  })
})
