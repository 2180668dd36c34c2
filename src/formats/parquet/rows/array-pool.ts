/*
 * Memory for the values of row groups, which is used again: new arrays for each make V8 collect garbage several times as often, since it
 * counts them, and it then looks through all rows that the caller holds. It is kept for all encoders together, so one that
 * waits for rows holds none of it. What an array held before is behind what its user has put there.
 */

type Arrays = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array

const MAX_KEPT_BYTES = 32 * 1024 * 1024
/** Smaller ones are not worth it. A power of two, as all that are kept are. */
const MIN_KEPT_BYTES = 4096

/** By their size, a power of two. */
const kept = new Map<number, ArrayBuffer[]>()
let keptBytes = 0

/** The array, or a larger one that begins with its values: at least twice as large, and the old one is nobody's any more. */
export function grown<T extends Arrays>(array: T, length: number): T {
  if (length <= array.length) return array
  const needed = Math.max(length, 2 * array.length) * array.BYTES_PER_ELEMENT
  const byteLength = 2 ** Math.ceil(Math.log2(needed))
  const Larger = array.constructor as new (buffer: ArrayBuffer) => T
  const larger = new Larger(takeBuffer(byteLength))
  ;(larger as Uint8Array).set(array as Uint8Array)
  keepArray(array)
  return larger
}

/** Takes an array back that nobody uses any more. */
export function keepArray({ buffer }: Arrays): void {
  const { byteLength } = buffer
  if (!(buffer instanceof ArrayBuffer) || byteLength < MIN_KEPT_BYTES) return
  if ((byteLength & (byteLength - 1)) !== 0 || keptBytes + byteLength > MAX_KEPT_BYTES) return
  keptBytes += byteLength
  const same = kept.get(byteLength)
  if (same) same.push(buffer)
  else kept.set(byteLength, [buffer])
}

function takeBuffer(byteLength: number): ArrayBuffer {
  const buffer = kept.get(byteLength)?.pop()
  if (!buffer) return new ArrayBuffer(byteLength)
  keptBytes -= byteLength
  return buffer
}
