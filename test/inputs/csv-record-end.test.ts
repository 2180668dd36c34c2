import fc from 'fast-check'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { recordEnd } from '../../src/inputs/csv-record-end.ts'

/** Where Papa Parse sees the first record end, behind its line end; `undefined` when none is complete. */
function firstEnd(text: string, delimiter: string): number | undefined {
  let end: number | undefined
  const parser = new Papa.Parser({
    delimiter,
    newline: '\n',
    step({ meta }: Papa.ParseStepResult<string[]>) {
      end ??= meta.cursor
    },
  } as Papa.ParseConfig<string[]>)
  parser.parse(text, 0, true)
  return end
}

test('sees the end of a record where Papa Parse does, however the text is cut', () => {
  const piece = fc.constantFrom(
    '"',
    '"',
    '""',
    ',',
    '\t',
    '\n',
    '\r\n',
    ' ',
    '  ',
    'a',
    '\ufeff',
    'é',
  )
  const delimiter = fc.constantFrom(',', '\t', ' ', 'a', 'é')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 16 }),
      delimiter,
      fc.integer({ min: 1, max: 5 }),
      (pieces, delimiter, size) => {
        const text = pieces.join('')
        const ends = recordEnd(delimiter)
        let at = 0
        while (at < text.length && !ends.isIn(text.slice(at, at + size))) at += size
        const expected = firstEnd(text, delimiter)
        if (expected === undefined) expect(at).toBeGreaterThanOrEqual(text.length)
        else {
          expect(expected).toBeGreaterThan(at)
          expect(expected).toBeLessThanOrEqual(at + size)
        }
      },
    ),
    { numRuns: 20_000 },
  )
})

test('begins anew', () => {
  const ends = recordEnd(',')
  expect(ends.isIn('"open')).toBe(false)
  ends.restart()
  expect(ends.isIn('plain\n')).toBe(true)
})
