import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/core/bytes.ts'
import { type CrcName, combineCrcs, crc } from '../../src/core/crc.ts'

function hexOf(name: CrcName, ...pieces: readonly Uint8Array[]): string {
  const sum = crc(name)
  for (const piece of pieces) sum.update(piece)
  return toHex(sum.digest())
}

/** Longer than a step of any of them. */
const BYTES = fc.uint8Array({ maxLength: 100 })

/** The check values of the catalogue, for "123456789". @see https://reveng.sourceforge.io/crc-catalogue/ */
describe.each([
  ['crc32', 'cbf43926', '00000000'],
  ['crc32c', 'e3069283', '00000000'],
  ['crc64nvme', 'ae8b14860a799888', '0000000000000000'],
] as const)('%s', (name, check, empty) => {
  test('has its check value, and that of nothing', () => {
    expect(hexOf(name, utf8('123456789'))).toBe(check)
    expect(hexOf(name)).toBe(empty)
  })

  test('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(BYTES, fc.nat(100), (bytes, cut) => {
        const whole = hexOf(name, bytes)
        expect(hexOf(name, bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole)
        // Byte by byte never takes the fast way.
        expect(hexOf(name, ...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(whole)
      }),
    )
  })

  test('of two pieces combine to that of both', () => {
    fc.assert(
      fc.property(BYTES, BYTES, (a, b) => {
        const combined = combineCrcs(name, digestOf(name, a), digestOf(name, b), b.byteLength)
        expect(toHex(combined)).toBe(hexOf(name, a, b))
      }),
    )
  })

  test('combine over more bytes than 32 bits count', () => {
    // 8 GiB of zeros, from halves: each doubling is a combination of its own.
    let half = digestOf(name, new Uint8Array(1024))
    let halfBytes = 1024
    for (; halfBytes < 4 * 1024 ** 3; halfBytes *= 2)
      half = combineCrcs(name, half, half, halfBytes)
    const whole = combineCrcs(name, half, half, halfBytes)
    const tail = digestOf(name, utf8('tail'))
    const [left, right] = [
      combineCrcs(name, whole, tail, 4),
      combineCrcs(name, half, combineCrcs(name, half, tail, 4), halfBytes + 4),
    ]
    expect(toHex(left)).toBe(toHex(right))
  })
})

function digestOf(name: CrcName, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sum = crc(name)
  sum.update(bytes)
  return sum.digest()
}
