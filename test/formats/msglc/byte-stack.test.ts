import { expect, test } from 'vitest'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import { ByteStack } from '../../../src/formats/msglc/byte-stack.ts'

const KIB = 1024

/** The same numbers each time. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
function random(): (below: number) => number {
  let state = 1
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
}

test('is what an array would be, whatever is taken back and moved', () => {
  const next = random()
  const stack = new ByteStack()
  let model = new Uint8Array()
  for (let step = 0; step < 600; step++) {
    const does = next(10)
    if (does < 6) {
      const added = new Uint8Array(next(60 * KIB)).fill(step)
      stack.tail.bytes(added)
      stack.settle()
      model = concatBytes([model, added])
    } else if (does < 8) {
      const length = Math.max(0, model.byteLength - next(300 * KIB))
      stack.truncate(length)
      model = model.slice(0, length)
    } else {
      const start = next(model.byteLength + 1)
      const middle = start + next(model.byteLength - start + 1)
      stack.moveBefore(start, middle)
      const parts = [model.slice(0, start), model.slice(middle), model.slice(start, middle)]
      model = concatBytes(parts)
    }
    expect(stack.length).toBe(model.byteLength)
  }
  const from = model.byteLength >> 1
  expect(equalBytes(concatBytes([...stack.from(from)]), model.subarray(from))).toBe(true)
  expect(equalBytes(concatBytes(stack.take()), model)).toBe(true)
  expect(stack.length).toBe(0)
})

test('holds no more than its bytes, and what its tail may have', () => {
  const stack = new ByteStack()
  const piece = new Uint8Array(10 * KIB)
  for (let written = 0; written < 8 * KIB; written += 10) {
    stack.tail.bytes(piece)
    stack.settle()
    // What is taken back is not held, either.
    stack.tail.bytes(new Uint8Array(300 * KIB))
    stack.settle()
    stack.truncate(stack.length - 300 * KIB)
  }
  const { length } = stack
  const buffers = new Set([...stack.from(0)].map(({ buffer }) => buffer))
  const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)
  expect(held).toBeLessThan(length + KIB * KIB)
})
