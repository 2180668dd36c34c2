import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteBuffer } from '../../src/core/byte-buffer.ts'
import { utf8 } from '../../src/core/bytes.ts'

test('gives back what was appended, in order, and begins anew', () => {
  const piece = fc.uint8Array({ maxLength: 20 })
  const round = fc.tuple(fc.array(piece), piece)
  fc.assert(
    fc.property(fc.array(round, { maxLength: 4 }), (rounds) => {
      const buffer = new ByteBuffer()
      for (const [pieces, last] of rounds) {
        for (const each of pieces) buffer.append(each)
        expect(buffer.byteLength).toBe(Buffer.concat(pieces).byteLength)
        const all = Buffer.concat([...pieces, last])
        expect(Buffer.compare(buffer.take(last as Uint8Array<ArrayBuffer>), all)).toBe(0)
        expect(buffer.byteLength).toBe(0)
      }
    }),
  )
})

test('does not copy what comes alone, and keeps no view of what it was given', () => {
  const buffer = new ByteBuffer()
  const alone = utf8('alone')
  expect(buffer.take(alone)).toBe(alone)
  const first = utf8('first')
  buffer.append(first)
  first.fill(0)
  const taken = buffer.take()
  buffer.append(utf8('other'))
  expect(taken).toEqual(utf8('first'))
})

test('takes at most twice the bytes, and no new buffer for most pieces', () => {
  const buffer = new ByteBuffer()
  const count = 100_000
  for (let i = 0; i < count; i++) buffer.append(Uint8Array.of(i))
  const all = buffer.take()
  expect(all).toHaveLength(count)
  expect(all.buffer.byteLength).toBeLessThan(2 * count)
})

test('takes what was reserved at once, and exactly', () => {
  const buffer = new ByteBuffer()
  buffer.append(utf8('head'))
  buffer.reserve(20)
  for (let i = 0; i < 20; i++) buffer.append(Uint8Array.of(i))
  const all = buffer.take()
  expect(all).toEqual(Uint8Array.of(...utf8('head'), ...Array.from({ length: 20 }, (_, i) => i)))
  expect(all.buffer.byteLength).toBe(24)
})

test('begins anew in the same memory, unless that is large', () => {
  const buffer = new ByteBuffer()
  buffer.append(utf8('first'))
  const { bytes } = buffer
  expect(bytes).toEqual(utf8('first'))
  buffer.clear(5)
  expect(buffer.byteLength).toBe(0)
  buffer.append(utf8('other'))
  expect(buffer.bytes).toEqual(utf8('other'))
  expect(buffer.bytes.buffer).toBe(bytes.buffer)
  buffer.clear(4)
  buffer.append(utf8('third'))
  expect(buffer.bytes.buffer).not.toBe(bytes.buffer)
})
