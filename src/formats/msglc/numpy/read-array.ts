import { halfFloat } from '../codecs/half-float.ts'
import { NumpyArray, type NumpyData, type NumpyType } from './numpy-array.ts'
import { asciiOf, isFrom, isTuple, type Picked, type Recipe, readPickle } from './pickle.ts'

/** How a pickle of protocol 2 begins that makes something of a module whose name begins with `n`. */
const START = [0x80, 0x02, 0x63, 0x6e]
/** Before numpy 2, and since. */
const MAKERS = ['numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct']
const EMPTY_BYTES = '__builtin__.bytes'
/** numpy's own bound. */
const MAX_DIMENSIONS = 64
/** Of an array without elements, so that no small file makes endless many empty lists. */
const MAX_EMPTY = 65_536

interface ElementType<T extends NumpyType> {
  readonly dtype: T
  readonly bytes: number
  readonly of: (buffer: ArrayBuffer) => NumpyData[T]
}

/** By what numpy calls them in a pickle. */
const TYPES: Readonly<Record<string, ElementType<NumpyType>>> = {
  b1: { dtype: 'bool', bytes: 1, of: (buffer) => new Uint8Array(buffer) },
  i1: { dtype: 'int8', bytes: 1, of: (buffer) => new Int8Array(buffer) },
  u1: { dtype: 'uint8', bytes: 1, of: (buffer) => new Uint8Array(buffer) },
  i2: { dtype: 'int16', bytes: 2, of: (buffer) => new Int16Array(buffer) },
  u2: { dtype: 'uint16', bytes: 2, of: (buffer) => new Uint16Array(buffer) },
  i4: { dtype: 'int32', bytes: 4, of: (buffer) => new Int32Array(buffer) },
  u4: { dtype: 'uint32', bytes: 4, of: (buffer) => new Uint32Array(buffer) },
  i8: { dtype: 'int64', bytes: 8, of: (buffer) => new BigInt64Array(buffer) },
  u8: { dtype: 'uint64', bytes: 8, of: (buffer) => new BigUint64Array(buffer) },
  f2: {
    dtype: 'float16',
    bytes: 2,
    of: (buffer) => Float32Array.from(new Uint16Array(buffer), halfFloat),
  },
  f4: { dtype: 'float32', bytes: 4, of: (buffer) => new Float32Array(buffer) },
  f8: { dtype: 'float64', bytes: 8, of: (buffer) => new Float64Array(buffer) },
}

/**
 * The array that Python's writer pickled into those bytes. The pickle is not run: it is compared with the only form that numpy
 * gives arrays of numbers. `undefined` for all else: other bytes, other pickles, arrays of objects, texts, dates, complex numbers, records.
 */
export function readNumpyArray(bytes: Uint8Array): NumpyArray | undefined {
  if (!START.every((byte, index) => bytes[index] === byte)) return undefined
  const array = readPickle(bytes)
  if (!isFrom(array, 'call') || !MAKERS.includes(array.name)) return undefined
  const [version, shape, dtype, isFortran, data, ...rest] = array.state ?? []
  const type = elementType(dtype)
  if (version !== 1 || !isShape(shape) || !type || rest.length > 0) return undefined
  const raw = dataOf(data)
  const count = shape.reduce((product, length) => product * length, 1)
  if (!raw || raw.byteLength !== count * type.bytes) return undefined
  if (count === 0 && shape.reduce((product, length) => product * (length || 1), 1) > MAX_EMPTY)
    return undefined
  const ordered = isFortran === true ? byRows(raw, shape, type.bytes) : raw
  if (type.isSwapped) swap(ordered, type.bytes)
  return new NumpyArray(type.dtype, shape, type.of(ordered.buffer))
}

function isShape(value: Picked | undefined): value is readonly number[] {
  return (
    isTuple(value) &&
    value.length <= MAX_DIMENSIONS &&
    value.every((length) => typeof length === 'number' && length >= 0)
  )
}

/** `dtype('f8', …)`, and its state: a version, the order of bytes, and nothing that plain numbers do not have. */
function elementType(
  value: Picked | undefined,
): (ElementType<NumpyType> & { readonly isSwapped: boolean }) | undefined {
  if (!isFrom(value, 'call') || value.name !== 'numpy.dtype') return undefined
  const name = asciiOf(value.inputs[0])
  const type = name !== undefined && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  const [version, order, ...rest] = value.state ?? []
  const isPlain = rest.slice(0, 3).every((each) => each === null) && rest.length === 6
  if (!type || version !== 3 || !isPlain) return undefined
  const swapping = { '<': false, '|': false, '>': true }[asciiOf(order) ?? '']
  return swapping === undefined ? undefined : { ...type, isSwapped: swapping }
}

/** Python 3 writes bytes as a text of as many characters that is to be encoded, and none as a call without any. */
function dataOf(value: Picked | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (!isFrom(value, 'call') || value.state) return undefined
  return value.name === EMPTY_BYTES && value.inputs.length === 0
    ? new Uint8Array(0)
    : encoded(value)
}

function encoded({ name, inputs }: Recipe): Uint8Array<ArrayBuffer> | undefined {
  const [text, encoding] = inputs
  if (name !== '_codecs.encode' || asciiOf(encoding) !== 'latin1' || !isFrom(text, 'text'))
    return undefined
  return latin1(text.utf8)
}

/** UTF-8 of characters below 256, one byte for each. */
function latin1(utf8: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(utf8.byteLength)
  let length = 0
  for (let at = 0; at < utf8.byteLength; at++) {
    const byte = utf8[at] as number
    if (byte < 0x80) bytes[length++] = byte
    else {
      const next = utf8[++at] ?? 0
      if ((byte !== 0xc2 && byte !== 0xc3) || next >> 6 !== 2) return undefined
      bytes[length++] = ((byte & 0x03) << 6) | (next & 0x3f)
    }
  }
  return bytes.slice(0, length)
}

/** From columns one behind the other (Fortran's order) to rows. */
function byRows(
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  width: number,
): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(bytes.byteLength)
  const place = shape.map(() => 0)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, width))
  for (let to = 0; to < rows.byteLength; to += width) {
    const from = place.reduce((sum, index, axis) => sum + index * (strides[axis] as number), 0)
    for (let byte = 0; byte < width; byte++) rows[to + byte] = bytes[from + byte] as number
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (place[axis] as number) + 1
      place[axis] = next < (shape[axis] as number) ? next : 0
      if (place[axis] !== 0) break
    }
  }
  return rows
}

/** Platforms with typed arrays of the other order are none of those that this runs on. */
function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.byteLength; at += width) bytes.subarray(at, at + width).reverse()
}
