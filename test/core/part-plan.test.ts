import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MultipartLimits } from '../../src/contracts/index.ts'
import { partPlan } from '../../src/core/part-plan.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const TIB = 1024 ** 4
const S3: MultipartLimits = {
  minPartBytes: 5 * MIB,
  maxPartBytes: 5 * GIB,
  maxParts: 10_000,
  equalParts: false,
}
const of = (multipart: MultipartLimits | false): Parameters<typeof partPlan>[1] => ({
  multipart,
  maxPutBytes: 5 * GIB,
})

/** The parts of an object of this size, as the writer cuts them. */
function cut(plan: ReturnType<typeof partPlan>, sizeBytes: number): number[] {
  const sizes: number[] = []
  for (let left = sizeBytes; left > 0; left -= sizes.at(-1) as number) {
    sizes.push(Math.min(left, plan.sizeOf(sizes.length + 1)))
  }
  return sizes
}

const limits = fc
  .record({
    minPartBytes: fc.integer({ min: 1, max: 64 }),
    factor: fc.integer({ min: 1, max: 50 }),
    maxParts: fc.integer({ min: 1, max: 1000 }),
    equalParts: fc.boolean(),
  })
  .map(({ factor, ...rest }) => ({ ...rest, maxPartBytes: rest.minPartBytes * factor }))

test('a known size is covered by parts that the store takes, or refused before the first one', () => {
  const partBytes = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined })
  fc.assert(
    fc.property(
      limits,
      partBytes,
      fc.integer({ min: 0, max: 400_000 }),
      (multipart, wanted, size) => {
        let plan: ReturnType<typeof partPlan>
        try {
          plan = partPlan('a', of(multipart), { partBytes: wanted, sizeBytes: size })
        } catch (error) {
          expect(error).toMatchObject({ code: 'too-large', key: 'a' })
          // What is refused fits into no parts of that size at all.
          const most =
            wanted === undefined ? multipart.maxPartBytes : Math.max(wanted, multipart.minPartBytes)
          expect(size).toBeGreaterThan(Math.min(most, multipart.maxPartBytes) * multipart.maxParts)
          return
        }
        const sizes = cut(plan, size)
        expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBe(size)
        expect(sizes.length).toBeLessThanOrEqual(multipart.maxParts)
        for (const [index, bytes] of sizes.entries()) {
          expect(bytes).toBeLessThanOrEqual(multipart.maxPartBytes)
          if (index === sizes.length - 1) continue
          expect(bytes).toBeGreaterThanOrEqual(multipart.minPartBytes)
          if (multipart.equalParts) expect(bytes).toBe(sizes[0])
        }
        if (multipart.equalParts) expect(sizes.at(-1) ?? 0).toBeLessThanOrEqual(sizes[0] ?? 0)
      },
    ),
    { numRuns: 300 },
  )
})

test('an unknown size: equal where it must be, else growing and never shrinking', () => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 300 }), (multipart, wanted) => {
      const plan = partPlan('a', of(multipart), { partBytes: wanted })
      for (let number = 1; number <= multipart.maxParts; number++) {
        const bytes = plan.sizeOf(number)
        expect(bytes).toBeGreaterThanOrEqual(plan.sizeOf(Math.max(1, number - 1)))
        expect(bytes).toBeLessThanOrEqual(multipart.maxPartBytes)
        expect(bytes).toBeGreaterThanOrEqual(multipart.minPartBytes)
        if (multipart.equalParts) expect(bytes).toBe(plan.partBytes)
      }
    }),
    { numRuns: 100 },
  )
})

describe('the figures of the docstring', () => {
  /** The size of the part that begins after so many bytes. */
  function partAfter(bytes: number): number {
    const plan = partPlan('a', of(S3), {})
    let number = 1
    for (let at = 0; at + plan.sizeOf(number) <= bytes; number++) at += plan.sizeOf(number)
    return plan.sizeOf(number)
  }

  test('5 TiB of unknown length fit at AWS', () => {
    const plan = partPlan('a', of(S3), {})
    let most = 0
    for (let number = 1; number <= S3.maxParts; number++) most += plan.sizeOf(number)
    expect(most / TIB).toBeCloseTo(5.09, 1)
    expect(most).toBeGreaterThanOrEqual(5 * TIB)
    expect(plan.sizeOf(S3.maxParts) / GIB).toBeCloseTo(1.54, 1)
    expect(partAfter(10 * GIB) / MIB).toBeCloseTo(18, -1)
    expect(partAfter(100 * GIB) / GIB).toBeCloseTo(0.1, 1)
    expect(partAfter(TIB) / GIB).toBeCloseTo(0.5, 1)
  })

  test('equal parts of the default size hold 78 GiB', () => {
    const plan = partPlan('a', of({ ...S3, equalParts: true }), {})
    expect(plan.partBytes).toBe(8 * MIB)
    expect(Math.floor((plan.partBytes * S3.maxParts) / GIB)).toBe(78)
  })
})

test('a known size makes the parts as large as it needs, in whole MiB', () => {
  for (const equalParts of [true, false]) {
    const plan = partPlan('a', of({ ...S3, equalParts }), { sizeBytes: TIB })
    expect(plan.partBytes).toBe(105 * MIB)
    expect(plan.sizeOf(9000)).toBe(105 * MIB)
  }
})

test('a size that cannot fit names the remedy', () => {
  const equal = of({ ...S3, equalParts: true })
  const tight = { partBytes: 8 * MIB, sizeBytes: TIB }
  expect(() => partPlan('a', equal, tight)).toThrowError(/larger partBytes.*parts may grow/)
  expect(partPlan('a', of(S3), tight).sizeOf(10_000)).toBeGreaterThan(GIB)
  expect(() => partPlan('a', of(S3), { sizeBytes: 49 * TIB })).toThrowError(
    expect.objectContaining({ code: 'too-large' }),
  )
  expect(() => partPlan('a', of(false), { sizeBytes: 6 * GIB })).toThrowError(/in one piece/)
})

test.each([
  { partBytes: 0 },
  { partBytes: 1.5 },
  { partBytes: Number.NaN },
  { sizeBytes: -1 },
  { sizeBytes: Number.POSITIVE_INFINITY },
])('%o is no size', (options) => {
  expect(() => partPlan('a', of(S3), options)).toThrowError(
    expect.objectContaining({ code: 'invalid-options' }),
  )
})
