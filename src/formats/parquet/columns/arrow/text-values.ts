import { fromUtf8Strict } from '../../../../core/bytes.ts'
import type { ChunkLayout } from './chunk-layout.ts'
import { bytesBetween, bytesReader, type Read, unreadable } from './chunk-values.ts'

/** Texts, one behind the other. They are decoded together: a call for each costs several times as much. */
export function textsReader(chunk: ChunkLayout, path: string): Read {
  const { values, offsets, length } = chunk
  const bytes = bytesBetween(values, Number(offsets[0]), Number(offsets[length]))
  const whole = bytes && fromUtf8Strict(bytes)
  const units = whole && unitPlaces(chunk, bytes as Uint8Array, whole.length === bytes?.length)
  // What lies at nulls may be anything.
  if (!whole || !units) return textsOf(bytesReader(chunk), path)
  return (place) => whole.slice(units[place], units[place + 1])
}

/** The texts that the bytes are. */
export function textsOf(read: Read, path: string): Read {
  return (place) => {
    const bytes = read(place) as Uint8Array | undefined
    const text = bytes && fromUtf8Strict(bytes)
    if (bytes && text === undefined) throw unreadable(path, 'has a text that is not UTF-8')
    return text
  }
}

/**
 * Where each begins in the text of them all, in units of UTF-16, and where the last one ends. `undefined` where one begins within a
 * character, or before the one before it. Of ASCII, each byte is a unit.
 */
function unitPlaces(
  { offsets, length }: ChunkLayout,
  bytes: Uint8Array,
  isAscii: boolean,
): Uint32Array | undefined {
  const first = Number(offsets[0])
  const places = new Uint32Array(length + 1)
  let at = 0
  let units = 0
  for (let place = 0; place <= length; place++) {
    const end = Number(offsets[place]) - first
    if (!(end >= at) || isWithinCharacter(bytes[end] ?? 0)) return undefined
    if (isAscii) units = at = end
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0
      // What takes four bytes has two units.
      if (!isWithinCharacter(byte)) units += byte >= 0xf0 ? 2 : 1
    }
    places[place] = units
  }
  return places
}

function isWithinCharacter(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
