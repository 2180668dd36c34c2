import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../../src/core/bytes.ts'
import { Chunker } from '../../src/core/chunker.ts'

const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => new Uint8Array(array))

test('pieces have one size, but the last, and are the input again', () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.integer({ min: 1, max: 40 }), (chunks, size) => {
      const chunker = new Chunker(size)
      const pieces = chunks.flatMap((chunk) => chunker.push(chunk))
      expect(pieces.every((piece) => piece.byteLength === size)).toBe(true)
      expect(chunker.bufferedBytes).toBeLessThan(size)
      const rest = chunker.rest()
      expect(rest === undefined || (rest.byteLength > 0 && rest.byteLength < size)).toBe(true)
      const all = concatBytes([...pieces, ...(rest ? [rest] : [])])
      expect([...all]).toEqual(chunks.flatMap((chunk) => [...chunk]))
    }),
  )
})

test('a piece is the caller’s: what comes later does not change it', () => {
  const chunker = new Chunker(2)
  const [first] = chunker.push(new Uint8Array([1, 2, 3]))
  chunker.push(new Uint8Array([4, 5]))
  expect(first).toEqual(new Uint8Array([1, 2]))
})
