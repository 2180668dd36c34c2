import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { PartBuffers } from '../../src/core/part-buffers.ts'

test('a buffer that was given back is the next one', () => {
  const buffers = new PartBuffers(32)
  const [one, two] = [buffers.take(16), buffers.take(16)]
  expect(buffers.fits(16)).toBe(false)
  buffers.give(one)
  expect(buffers.fits(16)).toBe(true)
  expect(buffers.take(16)).toBe(one)
  expect(one).not.toBe(two)
  expect(buffers.peakBytes).toBe(32)
})

test('what exists never passes the bound or two parts, while parts grow', () => {
  const steps = fc.array(fc.record({ grow: fc.nat(9), give: fc.boolean() }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 20, max: 100 }), (moves, maxBytes) => {
      const buffers = new PartBuffers(maxBytes)
      const out: Bytes[] = []
      let size = 10
      for (const { grow, give } of moves) {
        if (give && out.length > 0) buffers.give(out.shift() as Bytes)
        if (grow === 0) size += 7
        if (!buffers.fits(size)) continue
        const before = out.reduce((sum, { byteLength }) => sum + byteLength, 0)
        const taken = buffers.take(size)
        expect(taken.byteLength).toBe(size)
        expect(out).not.toContain(taken)
        out.push(taken)
        expect(before + size).toBeLessThanOrEqual(Math.max(maxBytes, 2 * size))
        expect(buffers.peakBytes).toBeGreaterThanOrEqual(before + size)
        expect(buffers.peakBytes).toBeLessThanOrEqual(Math.max(maxBytes, 2 * size))
      }
    }),
  )
})
