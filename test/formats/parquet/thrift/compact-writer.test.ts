import fc from 'fast-check'
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js'
import { describe, expect, test } from 'vitest'
import {
  thriftStruct,
  type WriteStruct,
} from '../../../../src/formats/parquet/thrift/compact-writer.ts'
import {
  bloomFilterHeader,
  dataPageHeader,
  dictionaryPageHeader,
} from '../../../../src/formats/parquet/thrift/page-header.ts'

/** By hyparquet's reader of Thrift; and that it came to the last byte. */
function read(bytes: Uint8Array<ArrayBuffer>): Record<string, unknown> {
  const reader = { view: new DataView(bytes.buffer), offset: 0 }
  const struct = deserializeTCompactProtocol(reader)
  expect(reader.offset).toBe(bytes.byteLength)
  return struct
}

const written = (write: WriteStruct): Record<string, unknown> => read(thriftStruct(write))

describe('CompactWriter', () => {
  test('writes integers of every size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.maxSafeNat(),
        fc.integer({ min: -128, max: 127 }),
        fc.integer({ min: -32768, max: 32767 }),
        (i32, i64, i8, i16) => {
          const struct = written((fields) => {
            fields.i32(1, i32)
            fields.i64(2, i64)
            fields.i8(3, i8)
            fields.i16(4, i16)
            fields.i64s(5, [i64, 0])
            fields.i32s(6, [i32])
          })
          expect(struct).toEqual({
            field_1: i32,
            field_2: BigInt(i64),
            field_3: i8,
            field_4: i16,
            field_5: [BigInt(i64), 0n],
            field_6: [i32],
          })
        },
      ),
    )
  })

  test('leaves out what is undefined, and steps over any number of ids', () => {
    const struct = written((fields) => {
      fields.bool(1, true)
      fields.bool(2, false)
      fields.i8(3, undefined)
      fields.i16(4, undefined)
      fields.i32(5, undefined)
      fields.i64(6, undefined)
      fields.bool(7, undefined)
      fields.binary(8, undefined)
      fields.struct(9, undefined)
      fields.bools(10, undefined)
      fields.structs(11, undefined, () => {})
      fields.i32(16, 1)
      fields.i32(32, 2)
    })
    expect(struct).toEqual({ field_1: true, field_2: false, field_16: 1, field_32: 2 })
  })

  test.each([0, 1, 14, 15, 300])('writes lists of %s', (length) => {
    const numbers = Array.from({ length }, (_, i) => i)
    const struct = written((fields) => {
      fields.i32s(1, numbers)
      fields.bools(
        2,
        numbers.map((i) => i % 2 === 0),
      )
      fields.binaries(
        3,
        numbers.map((i) => 'é'.repeat(i)),
      )
      fields.structs(4, numbers, (inner, value, index) => {
        inner.i32(1, value)
        inner.i32(2, index)
      })
      fields.i32(5, 7)
    })
    expect(struct).toEqual({
      field_1: numbers,
      field_2: numbers.map((i) => i % 2 === 0),
      field_3: numbers.map((i) => new TextEncoder().encode('é'.repeat(i))),
      field_4: numbers.map((i) => ({ field_1: i, field_2: i })),
      field_5: 7,
    })
  })

  test('goes on with the ids of the struct around', () => {
    const struct = written((fields) => {
      fields.struct(3, (inner) => {
        inner.i32(9, 1)
        inner.struct(10, () => {})
      })
      fields.binary(4, Uint8Array.of(1, 2))
    })
    expect(struct).toEqual({ field_3: { field_9: 1, field_10: {} }, field_4: Uint8Array.of(1, 2) })
  })
})

describe('page headers', () => {
  test('have the fields of parquet.thrift', () => {
    const crc = 0xffff_fffe
    const sizes = { rawBytes: 10, storedBytes: 8, crc }
    expect(read(dataPageHeader({ ...sizes, slots: 3, encoding: 'delta_byte_array' }))).toEqual({
      field_1: 0,
      field_2: 10,
      field_3: 8,
      field_4: -2,
      field_5: { field_1: 3, field_2: 7, field_3: 3, field_4: 3 },
    })
    expect(read(dictionaryPageHeader({ ...sizes, count: 3 }))).toEqual({
      field_1: 2,
      field_2: 10,
      field_3: 8,
      field_4: -2,
      field_7: { field_1: 3, field_2: 0 },
    })
    expect(read(bloomFilterHeader(64))).toEqual({
      field_1: 64,
      field_2: { field_1: {} },
      field_3: { field_1: {} },
      field_4: { field_1: {} },
    })
  })
})
