import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/core/bytes.ts'
import { type CrcName, crc } from '../../src/core/crc.ts'

function hexOf(name: CrcName, ...pieces: readonly Uint8Array[]): string {
  const sum = crc(name)
  for (const piece of pieces) sum.update(piece)
  return toHex(sum.digest())
}

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
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        const whole = hexOf(name, bytes)
        expect(hexOf(name, bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole)
        // Byte by byte never takes the fast way.
        expect(hexOf(name, ...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(whole)
      }),
    )
  })
})
