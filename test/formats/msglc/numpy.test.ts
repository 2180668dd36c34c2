import { describe, expect, test } from 'vitest'
import { fromLatin1 } from '../../../src/core/bytes.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'
import { encodeMsglc, NumpyArray } from '../../../src/formats/msglc/index.ts'
import { readNumpyArray } from '../../../src/formats/msglc/numpy/read-array.ts'
import { PICKLED as columns } from './tools.ts'

/** The same with another text in the place of some: Python's bytes are latin-1. */
function changed(from: string, to: string): Uint8Array {
  const text = String.fromCharCode(...columns)
  const parts = text.split(from)
  expect(parts.length).toBeGreaterThan(1)
  return fromLatin1(parts.join(to))
}

describe('what numpy pickled', () => {
  test('is an array, its elements row by row', () => {
    const array = new NumpyArray('int16', [2, 3], Int16Array.of(0, 1, 2, 3, 4, 5))
    expect(readNumpyArray(columns)).toEqual(array)
    expect(readNumpyArray(changed('_core', 'core'))).toEqual(array)
  })

  test.each([
    ['another module', changed('numpy._core', 'numpyxcore')],
    ['another function', changed('_reconstruct', '_destruct')],
    ['a call that is not to be made', changed('c_codecs\nencode', 'cos\nsystem')],
    ['another encoding', changed('latin1', 'utf-16'.slice(0, 6))],
    ['objects', changed('i2', 'O8')],
    ['complex numbers', changed('i2', 'c8')],
    ['a name that every object has', changed('\x02\0\0\0i2', '\x0b\0\0\0constructor')],
    ['fields', changed('NNN', 'N)N')],
    ['more dimensions than elements', changed('K\x02K\x03', 'K\x02K\x04')],
    ['a negative dimension', changed('K\x02K\x03', 'K\x02J\xff\xff\xff\xff')],
    ['a dimension that is none', changed('K\x02K\x03', 'K\x02N')],
    ['a byte of two that UTF-8 does not have', changed('\x03\0\x01', '\x03\xc2\x01')],
    ['a step that arrays do not need', changed('\x88h\x03', '\x88Q\x03')],
    ['what was never put', changed('\x88h\x03', '\x88h\x63')],
    ['something behind the end', changed('tq\x14b.', 'tq\x14b..')],
    ['two values', changed('tq\x14b.', 'tq\x14bN.')],
    ['another protocol', changed('\x80\x02', '\x80\x04')],
    ['endless steps', changed('K\x01K\x02', `K\x01${'q\x30'.repeat(200)}K\x02`)],
  ])('%s: bytes', (_, bytes) => {
    expect(readNumpyArray(bytes)).toBeUndefined()
  })

  test('every cut and every changed byte is an array of its bytes, or bytes', () => {
    for (let at = 0; at < columns.byteLength; at++) {
      expect(readNumpyArray(columns.subarray(0, at))).toBeUndefined()
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const bytes = columns.slice()
        bytes[at] = (bytes[at] as number) ^ bit
        const array = readNumpyArray(bytes)
        if (array) expect(array.data.byteLength).toBeLessThanOrEqual(12)
      }
    }
  })

  test('nothing without elements is endless', () => {
    const data = `X\x0c${String.fromCharCode(...columns).split('X\x0c')[1]}`.slice(0, 17)
    const empty = (shape: string): NumpyArray | undefined =>
      readNumpyArray(
        fromLatin1(
          String.fromCharCode(...columns)
            .replace('K\x02K\x03\x86', shape)
            .replace(data, 'X\0\0\0\0'),
        ),
      )
    expect(empty('K\x02K\0\x86')?.shape).toEqual([2, 0])
    expect(empty('J\xff\xff\xff\x7fK\0\x86')).toBeUndefined()
  })
})

describe('in a file', () => {
  const value = { array: columns, list: [columns, 1] }

  test('it is an array wherever it lies, and a value, with no way into it', async () => {
    for (const smallBytes of [0, 8192]) {
      const reader = await lazyReader(encodeMsglc(value, { smallBytes }))
      const array = new NumpyArray('int16', [2, 3], Int16Array.of(0, 1, 2, 3, 4, 5))
      expect(await reader.toObject()).toEqual({ array, list: [array, 1] })
      expect(await reader.read('list/0')).toEqual(array)
      expect(await (await reader.visit('array')).kind()).toBe('value')
      expect(await reader.has('array/shape')).toBe(false)
    }
  })

  test('a key is bytes', async () => {
    for (const smallBytes of [0, 8192]) {
      const file = encodeMsglc(new Map([[columns, 'x'.repeat(30)]]), { smallBytes })
      const reader = await lazyReader(file)
      expect(await reader.keys()).toEqual([columns])
      expect(await reader.read([columns])).toBe('x'.repeat(30))
      expect(await reader.toObject()).toEqual(new Map([[columns, 'x'.repeat(30)]]))
    }
  })

  test('it is written as a list of lists', async () => {
    const arrays = [
      new NumpyArray('float64', [2, 2], Float64Array.of(1, 2, 3, 4.5)),
      new NumpyArray('bool', [2], Uint8Array.of(1, 0)),
      new NumpyArray('int64', [], BigInt64Array.of(7n)),
      new NumpyArray('bool', [], Uint8Array.of(1)),
      new NumpyArray('float32', [2, 0], new Float32Array(0)),
    ]
    expect(encodeMsglc(arrays.slice(0, 1))).toEqual(
      encodeMsglc([[Float64Array.of(1, 2), Float64Array.of(3, 4.5)]]),
    )
    const reader = await lazyReader(encodeMsglc(arrays))
    const lists = [
      [
        [1, 2],
        [3, 4.5],
      ],
      [true, false],
      7,
      true,
      [[], []],
    ]
    expect(await reader.toObject()).toEqual(lists)
  })
})
