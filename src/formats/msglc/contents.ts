import { SluiceError } from '../../core/errors.ts'
import { isPlainObject } from '../../core/json.ts'
import { isWellFormed } from '../../core/keys.ts'
import { iterate, type Reading } from '../../core/reading.ts'
import { isWritable, MAX_INTEGER_BYTES } from './codecs/cbor.ts'
import type { Codec, Scalar } from './codecs/codec.ts'
import { Encoded } from './encoded.ts'
import { NumpyArray } from './numpy/numpy-array.ts'
import { Streamed } from './sources.ts'
import { Unread } from './unread.ts'

/** A list or a map that is to be written. */
export interface Contents {
  readonly kind: 'list' | 'map'
  /** `undefined` where it is counted as it comes. */
  readonly count: number | undefined
  /** Numbers are doubles, whatever their value. */
  readonly doubles?: boolean
  /** Whether it may be gone through once only. */
  readonly isSource?: boolean
  /** The next item, or pair of a map; now or later. `undefined` while there is none yet. */
  next(): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>> | undefined
  /** Lets the source go. */
  cancel?(reason: unknown): Promise<void>
}

type TypedArray = ArrayBufferView & Iterable<number | bigint> & { readonly length: number }

/**
 * What a value is in the encodings: a scalar, or a list or a map. A `Date` is text, as Python's encoder writes it. Throws
 * `invalid-record`, without the place, for what they have no form for.
 */
export function contentsOf(value: unknown, codec: Codec): Scalar | Encoded | Contents {
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return value
    case 'string':
      if (isWellFormed(value)) return value
      throw refused('holds a lone surrogate, which UTF-8 cannot express')
    case 'bigint':
      if (codec.name === 'cbor') {
        if (isWritable(value)) return value
        throw refused(`is an integer of more than ${MAX_INTEGER_BYTES} bytes`)
      }
      if (value >= -(1n << 63n) && value < 1n << 64n) return value
      throw refused('is an integer beyond the 64 bits of MessagePack')
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : ofObject(value)
    default:
      throw refused(`is a ${typeof value}, which is no data`)
  }
}

function ofObject(value: object): Scalar | Encoded | Contents {
  if (Array.isArray(value)) return listOfItems(value, value.length)
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return ofView(value)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (value instanceof Date) return dateText(value)
  if (value instanceof Map) return { kind: 'map', count: value.size, ...iterated(value) }
  if (value instanceof Set) return listOfItems(sorted([...value]), value.size)
  if (value instanceof NumpyArray) return ofNumpyArray(value)
  if (value instanceof Encoded) return value.is instanceof Uint8Array ? value : value.is
  if (value instanceof Streamed) {
    const { kind, count, source } = value
    return { kind, count, ...sourced(source), isSource: true }
  }
  if (value instanceof Unread) {
    throw refused('is of a reader: give what its toObject() gives, or it alone to lazyWriter')
  }
  if (Symbol.asyncIterator in value || value instanceof ReadableStream) {
    return unknownList(sourced(value as AsyncIterable<unknown>))
  }
  if (Symbol.iterator in value) {
    return unknownList(iterated(value as Iterable<unknown>))
  }
  if (isPlainObject(value)) return ofMembers(value)
  throw refused('is an object of a class, which is no data')
}

/** Members that are `undefined` are left out, as in JSON. */
function ofMembers(object: Readonly<Record<string, unknown>>): Contents {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined)
  let index = 0
  return {
    kind: 'map',
    count: keys.length,
    next() {
      const key = keys[index++]
      if (key === undefined) return { done: true, value: undefined }
      return { done: false, value: [key, object[key]] }
    },
  }
}

function ofView(view: ArrayBufferView): Scalar | Contents {
  if (view instanceof DataView || view instanceof Uint8ClampedArray) {
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  }
  const array = view as TypedArray
  const doubles = view instanceof Float32Array || view instanceof Float64Array
  return { ...listOfItems(array, array.length), doubles }
}

/** As `tolist()` gives it. */
function ofNumpyArray(array: NumpyArray): Scalar | Contents {
  const { shape, dtype } = array
  const [count] = shape
  if (count === undefined) return array.items().next().value as Scalar
  const doubles = shape.length === 1 && dtype.startsWith('float')
  return { ...listOfItems(array.items(), count), doubles }
}

/** By index, so that a hole is seen as the `undefined` that it reads as. */
function listOfItems(items: Iterable<unknown>, count: number): Contents {
  return { kind: 'list', count, ...iterated(items) }
}

function unknownList(source: Pick<Contents, 'next' | 'cancel'>): Contents {
  return { kind: 'list', count: undefined, ...source, isSource: true }
}

function iterated(items: Iterable<unknown>): Pick<Contents, 'next' | 'cancel'> {
  const iterator = items[Symbol.iterator]()
  return {
    next: () => iterator.next(),
    cancel: async () => void iterator.return?.(),
  }
}

function sourced(source: Streamed['source']): Pick<Contents, 'next' | 'cancel'> {
  if (Symbol.iterator in source) return iterated(source)
  const reading: Reading<unknown> = iterate(source)
  return { next: () => reading.next(), cancel: (reason) => reading.cancel(reason) }
}

/** A set comes from Python in its order, where its values have one. */
function sorted(values: unknown[]): unknown[] {
  if (values.every((value) => typeof value === 'number' || typeof value === 'bigint')) {
    return values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }
  return values.every((value) => typeof value === 'string') ? values.sort(byCodePoints) : values
}

function byCodePoints(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const [one = 0, other = 0] = [a.codePointAt(at), b.codePointAt(at)]
    if (one !== other) return one - other
  }
  return a.length - b.length
}

function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw refused('is an invalid Date')
  return date.toISOString()
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-record', why)
}

/** Whether it is no scalar. */
export function isContents(value: Scalar | Encoded | Contents): value is Contents {
  return typeof value === 'object' && value !== null && 'next' in value
}
