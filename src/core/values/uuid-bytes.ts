const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Where each byte's two digits begin in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const

/** Whether `uuidBytes` knows it. */
export function isUuid(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 16
  return typeof value === 'string' && UUID.test(value)
}

/**
 * The 16 bytes of a UUID, of any version, in the order in which it is written: of its 36 characters in either case, or of a
 * `Uint8Array` of 16, which is given back as it is. `undefined` for anything else, braces and `urn:uuid:` among it.
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-4
 */
export function uuidBytes(value: unknown): Uint8Array | undefined {
  if (!isUuid(value)) return undefined
  if (typeof value !== 'string') return value as Uint8Array
  const bytes = new Uint8Array(16)
  for (const [index, place] of PLACES.entries()) {
    bytes[index] = Number.parseInt(value.slice(place, place + 2), 16)
  }
  return bytes
}
