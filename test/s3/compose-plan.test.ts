import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MultipartLimits, ObjectInfo } from '../../src/contracts/index.ts'
import { composePlan, type Piece, sizeOf, sum } from '../../src/s3/compose-plan.ts'
import { checkParts } from '../../src/stores/check-options.ts'

const MIN = 16
const LIMITS: MultipartLimits = {
  minPartBytes: MIN,
  maxPartBytes: 1024,
  maxParts: 1000,
  equalParts: false,
}

function source(sizeBytes: number): ObjectInfo {
  return { kind: 'object', key: `${sizeBytes}`, etag: '', sizeBytes, lastModified: new Date(0) }
}

const pieces: fc.Arbitrary<Piece[]> = fc.array(
  fc
    .tuple(fc.nat(50), fc.integer({ min: 1, max: 70 }), fc.boolean())
    .map(([start, size, here]) =>
      here
        ? { body: new Uint8Array(start + size), start, end: start + size }
        : { source: source(start + size), start, end: start + size },
    ),
  { minLength: 1, maxLength: 12 },
)

/** Each byte of what is to be composed, by where it comes from. */
function bytesOf(list: readonly Piece[]): string[] {
  return list.flatMap((piece) =>
    Array.from(
      { length: sizeOf(piece) },
      (_, i) => `${piece.source?.key ?? 'here'}:${piece.start + i}`,
    ),
  )
}

test.each([false, true])(
  'every byte once, in parts that the provider takes (equal: %s)',
  (equalParts) => {
    const limits = { ...LIMITS, equalParts }
    fc.assert(
      fc.property(pieces, (list) => {
        const plan = composePlan(list, limits)
        expect(bytesOf(plan.flat())).toEqual(bytesOf(list))
        const parts = plan.map((part, index) => ({
          partNumber: index + 1,
          etag: '',
          sizeBytes: sum(part.map(sizeOf)),
        }))
        checkParts('key', parts, limits)
        for (const part of plan) {
          if (part.length > 1) expect(sum(part.map(sizeOf))).toBeLessThanOrEqual(MIN)
        }
      }),
    )
  },
)

test('equal sources are no reason to read anything', () => {
  const limits = { ...LIMITS, equalParts: true }
  const [a, b, c] = [source(40), source(40), source(7)]
  const plan = composePlan(
    [a, b, c].map((found) => ({ source: found, start: 0, end: found.sizeBytes })),
    limits,
  )
  expect(plan.map((part) => part.map(sizeOf))).toEqual([[40], [40], [7]])
})

test('a large source is copied by ranges, and what is here is sent by smaller ones', () => {
  const GIB = 1024 ** 3
  const limits = { ...LIMITS, minPartBytes: 5 * 1024 ** 2, maxPartBytes: 5 * GIB }
  const old = { source: source(2.5 * GIB), start: 0, end: 2.5 * GIB }
  const added = { body: { size: GIB / 8 } as Blob, start: 0, end: GIB / 8 }
  const sizes = composePlan([old, added], limits).map((part) => part.map(sizeOf))
  expect(sizes).toEqual([
    ...Array.from({ length: 3 }, () => [expect.any(Number)]),
    [GIB / 16],
    [GIB / 16],
  ])
  expect(Math.max(...sizes.flat())).toBeLessThanOrEqual(GIB)
})
