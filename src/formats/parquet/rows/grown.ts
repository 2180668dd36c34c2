type Growable = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array

/** The array, or a copy of at least twice its length, so that it has so many places: what is held is at most twice what is used. */
export function grown<T extends Growable>(array: T, length: number): T {
  if (length <= array.length) return array
  const Larger = array.constructor as new (length: number) => T
  const larger = new Larger(Math.max(length, 2 * array.length))
  ;(larger as Uint8Array).set(array as Uint8Array)
  return larger
}
