import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../src/core/bytes.ts'
import { ByteWriter } from '../../../src/formats/msglc/codecs/byte-writer.ts'
import { cbor, MAX_INTEGER_BYTES } from '../../../src/formats/msglc/codecs/cbor.ts'
import type { Codec, Scalar } from '../../../src/formats/msglc/codecs/codec.ts'
import { msgpack } from '../../../src/formats/msglc/codecs/msgpack.ts'
import { MAX_DEPTH, readWhole, skipValue } from '../../../src/formats/msglc/codecs/read-value.ts'
import { contentsOf } from '../../../src/formats/msglc/contents.ts'
import { hex, thrownBy } from './tools.ts'

const codecs = { msgpack, cbor }

function written(codec: Codec, value: Scalar): string {
  const to = new ByteWriter()
  codec.scalar(to, value)
  return toHex(to.take())
}

/** @see https://www.rfc-editor.org/rfc/rfc8949#appendix-A (floats are doubles here) */
const cborVectors: [Scalar, string][] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000, '1903e8'],
  [1000000, '1a000f4240'],
  [1000000000000, '1b000000e8d4a51000'],
  [18446744073709551615n, '1bffffffffffffffff'],
  [18446744073709551616n, 'c249010000000000000000'],
  [-18446744073709551616n, '3bffffffffffffffff'],
  [-18446744073709551617n, 'c349010000000000000000'],
  [-1, '20'],
  [-100, '3863'],
  [-1000, '3903e7'],
  [1.1, 'fb3ff199999999999a'],
  [-0, 'fb8000000000000000'],
  [1e300, 'fb7e37e43c8800759c'],
  [Number.POSITIVE_INFINITY, 'f97c00'],
  [Number.NaN, 'f97e00'],
  [Number.NEGATIVE_INFINITY, 'f9fc00'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [hex('01020304'), '4401020304'],
  ['', '60'],
  ['ü', '62c3bc'],
  ['𐅑', '64f0908591'],
]

/** @see https://github.com/msgpack/msgpack/blob/master/spec.md */
const msgpackVectors: [Scalar, string][] = [
  [127, '7f'],
  [128, 'cc80'],
  [256, 'cd0100'],
  [65536, 'ce00010000'],
  [2 ** 32, 'cf0000000100000000'],
  [18446744073709551615n, 'cfffffffffffffffff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32769, 'd2ffff7fff'],
  [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
  [-9223372036854775808n, 'd38000000000000000'],
  [5n, '05'],
  [0.5, 'cb3fe0000000000000'],
  [-0, 'cb8000000000000000'],
  ['x'.repeat(32), `d920${'78'.repeat(32)}`],
  [hex('ff'), 'c401ff'],
]

describe.each([
  ['cbor', cbor, cborVectors],
  ['msgpack', msgpack, msgpackVectors],
] as const)('%s', (_, codec, vectors) => {
  test.each(vectors)('%s is %s, and back', (value, bytes) => {
    expect(written(codec, value)).toBe(bytes)
    const plain = typeof value === 'bigint' && value === 5n ? 5 : value
    expect(readWhole(codec.reader(hex(bytes)))).toEqual(plain)
  })

  test('reads back every scalar', () => {
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 400 }),
      fc.double(),
      fc.maxSafeInteger(),
      fc.uint8Array({ maxLength: 300 }),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    )
    fc.assert(
      fc.property(scalar, (value) => {
        const bytes = hex(written(codec, value))
        expect(readWhole(codec.reader(bytes))).toEqual(value)
        const skipping = codec.reader(bytes)
        skipValue(skipping)
        expect(skipping.atEnd).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

test('the largest integers of CBOR, and larger ones', () => {
  const limit = 1n << BigInt(8 * MAX_INTEGER_BYTES)
  for (const value of [limit - 1n, -limit]) {
    expect(contentsOf(value, cbor)).toBe(value)
    expect(readWhole(cbor.reader(hex(written(cbor, value))))).toBe(value)
  }
  for (const value of [limit, -limit - 1n]) {
    expect(thrownBy(() => contentsOf(value, cbor)).code).toBe('invalid-record')
    expect(thrownBy(() => readWhole(cbor.reader(hex(written(cbor, value))))).code).toBe('protocol')
  }
})

test('short texts are themselves, however many there are and whatever was read before', () => {
  // The first two have one hash.
  const texts = ['Aa', 'BB', '', 'é', ...Array.from({ length: 5000 }, (_, index) => `k${index}`)]
  for (const text of [...texts, ...texts]) {
    expect(readWhole(msgpack.reader(hex(written(msgpack, text))))).toBe(text)
  }
})

describe('what other writers make of them', () => {
  test.each([
    ['cbor', 'f93c00', 1],
    ['cbor', 'f90001', 2 ** -24],
    ['cbor', 'f9c400', -4],
    ['cbor', 'fa47c35000', 100000],
    ['cbor', 'f7', undefined],
    [
      'cbor',
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    ['cbor', 'c11a514b67b0', { tag: 1, value: 1363896240 }],
    ['msgpack', 'ca3fc00000', 1.5],
    ['msgpack', 'd60000112233', { extension: 0, bytes: hex('00112233') }],
    ['msgpack', 'c70305010203', { extension: 5, bytes: hex('010203') }],
    [
      'msgpack',
      '820102a16103',
      new Map<unknown, unknown>([
        [1, 2],
        ['a', 3],
      ]),
    ],
    ['msgpack', '82a16101a16102', { a: 2 }],
    ['msgpack', 'd9026869', 'hi'],
  ] as const)('%s %s', (codec, bytes, value) => {
    expect(readWhole(codecs[codec].reader(hex(bytes)))).toEqual(value)
  })

  test('a key that every object inherits is a key', () => {
    const value = readWhole(msgpack.reader(hex('81a95f5f70726f746f5f5f01')))
    expect(Object.entries(value as object)).toEqual([['__proto__', 1]])
  })
})

describe('damaged', () => {
  test.each([
    ['msgpack', '', 'cut short'],
    ['msgpack', 'c1', 'never uses'],
    ['msgpack', 'a2c328', 'UTF-8'],
    ['msgpack', 'ddffffffff01', 'a list of 4294967295'],
    ['msgpack', 'dfffffffff0101', 'a map of 4294967295'],
    ['msgpack', 'dbffffffff', '4294967295 bytes'],
    ['msgpack', '0101', 'ends before'],
    ['msgpack', 'cf0000', 'are left'],
    ['cbor', '9f01ff', 'unknown length'],
    ['cbor', '1c', 'does not know'],
    ['cbor', 'f8ff', 'without a meaning'],
    ['cbor', '9bffffffffffffffff', 'a length of'],
    ['cbor', '5b001fffffffffffff', 'are left'],
  ] as const)('%s %s: %s', (codec, bytes, why) => {
    const error = thrownBy(() => readWhole(codecs[codec].reader(hex(bytes))))
    expect(error.code).toBe('protocol')
    if (why !== 'cut short') expect(error.message).toContain(why)
  })

  test('values nested deeper than any stack bears are refused, and passed over', () => {
    const nested = new Uint8Array(1_000_000).fill(0x91)
    nested[nested.length - 1] = 0xc0
    expect(thrownBy(() => readWhole(msgpack.reader(nested))).message).toContain(
      `${MAX_DEPTH} levels`,
    )
    expect(() => skipValue(msgpack.reader(nested))).not.toThrow()
    const tags = new Uint8Array(1_000_000).fill(0xc6)
    expect(thrownBy(() => readWhole(cbor.reader(tags))).code).toBe('protocol')
  })
})
