import { describe, expect, test } from 'vitest'
import { toHex } from '../../../src/core/bytes.ts'
import { uuidBytes } from '../../../src/core/values/uuid-bytes.ts'

const TEXT = '00112233-4455-6677-8899-aabbccddeeff'
const HEX = TEXT.replaceAll('-', '')

describe('uuidBytes', () => {
  test('are the digits in the order in which they stand, in either case', () => {
    expect(toHex(uuidBytes(TEXT) ?? new Uint8Array())).toBe(HEX)
    expect(toHex(uuidBytes(TEXT.toUpperCase()) ?? new Uint8Array())).toBe(HEX)
    const bytes = new Uint8Array(16).fill(7)
    expect(uuidBytes(bytes)).toBe(bytes)
  })

  test.each([
    ...['', HEX, `{${TEXT}}`, `urn:uuid:${TEXT}`, `${TEXT}0`, `${TEXT}\n`, TEXT.replace('f', 'g')],
    ...[TEXT.replace('-4', '4-'), new Uint8Array(15), new Uint8Array(17), 5, null],
  ])('%o is none', (value) => {
    expect(uuidBytes(value)).toBeUndefined()
  })
})
