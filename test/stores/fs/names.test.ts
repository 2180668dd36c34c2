import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { otherPathOfSegment, pathOfSegment, segmentOfPath } from '../../../src/stores/fs/names.ts'

/** Segments that are made of what has a meaning in names, or nearly so. */
const tricky = fc
  .array(fc.constantFrom('%', '~', '+', '.', 'a', 'ü', '😀', '25', '5C', '\\', 'sluice', '2E'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
const long = fc
  .tuple(fc.integer({ min: 240, max: 270 }), tricky)
  .map(([count, end]) => 'x'.repeat(count) + end)
const any = fc.string({ unit: 'grapheme', maxLength: 400 }).map((text) => text.replaceAll('/', ''))
const segments = fc.oneof(tricky, long, any)

describe('names of segments', () => {
  test('plain ones stay as they are', () => {
    for (const plain of [
      'a',
      'part-1.parquet',
      'country=DE',
      'Größe 😀',
      '.hidden',
      'a:b',
      '-rf',
    ]) {
      expect(pathOfSegment(plain)).toEqual([plain])
    }
  })

  test('the table', () => {
    expect(pathOfSegment('100%')).toEqual(['100%25'])
    expect(pathOfSegment('a\\b')).toEqual(['a%5Cb'])
    expect(pathOfSegment('.sluice')).toEqual(['%2Esluice'])
    expect(pathOfSegment('.Sluice')).toEqual(['%2ESluice'])
    expect(pathOfSegment('')).toEqual(['%'])
    expect(otherPathOfSegment('')).toEqual(['%%'])
    expect(otherPathOfSegment('a')).toEqual(['a%'])
    expect(pathOfSegment(`${'x'.repeat(250)}..`)).toEqual([`${'x'.repeat(250)}%~`, '+..'])
  })

  test('each name stands for one segment', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        expect(segmentOfPath(pathOfSegment(segment))).toBe(segment)
        expect(segmentOfPath(otherPathOfSegment(segment))).toBe(segment)
      }),
    )
  })

  test('no two segments share a name, be it the other one', () => {
    fc.assert(
      fc.property(segments, segments, (a, b) => {
        fc.pre(a !== b)
        const namesOf = (segment: string): readonly string[] => [
          pathOfSegment(segment).join('/'),
          otherPathOfSegment(segment).join('/'),
        ]
        expect(namesOf(a).some((name) => namesOf(b).includes(name))).toBe(false)
      }),
    )
  })

  test('every piece is a name that file systems take', () => {
    fc.assert(
      fc.property(
        segments.filter((segment) => segment !== '.' && segment !== '..'),
        (segment) => {
          for (const name of [...pathOfSegment(segment), ...otherPathOfSegment(segment)]) {
            expect(new TextEncoder().encode(name).byteLength).toBeLessThanOrEqual(255)
            expect(['', '.', '..', '.sluice']).not.toContain(name)
          }
        },
      ),
    )
  })

  test('a name that no segment has is none', () => {
    for (const name of ['100%', '%41', 'a%zz', 'a\\b', '.sluice', 'a%2e', '%%%', 'x'.repeat(251)]) {
      const segment = segmentOfPath([name])
      if (segment !== undefined) expect(pathOfSegment(segment)[0]).not.toBe(name)
    }
    expect(segmentOfPath(['%41'])).toBeUndefined()
    expect(segmentOfPath(['.sluice'])).toBeUndefined()
    expect(segmentOfPath(['x'.repeat(251)])).toBeUndefined()
  })
})
