import { fromUtf8Strict, utf8 } from '../../../core/bytes.ts'
import type { Bounds } from './leaf.ts'

/** Longer bounds are cut: a value may be as long as a record, and the footer is held in memory by whoever reads the file. */
export const LONGEST_BOUND = 64

/** The bounds of byte strings; `undefined` where there is no short one above the greatest. */
export function cutBounds(least: Uint8Array, greatest: Uint8Array): Bounds | undefined {
  const max = greatest.byteLength > LONGEST_BOUND ? cutAbove(greatest) : greatest
  return (
    max && {
      min: least.byteLength > LONGEST_BOUND ? beginning(least) : least,
      max,
      isMinExact: least.byteLength <= LONGEST_BOUND,
      isMaxExact: greatest.byteLength <= LONGEST_BOUND,
    }
  )
}

/** Not within a character, if the value is text. A beginning is less than the whole. */
function beginning(value: Uint8Array): Uint8Array {
  let length = LONGEST_BOUND
  while (length > LONGEST_BOUND - 4 && isContinuation(value[length])) length--
  return value.slice(0, isContinuation(value[length]) ? LONGEST_BOUND : length)
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** The beginning with its last character, or byte, replaced by the next one: more than whatever begins so. */
function cutAbove(value: Uint8Array): Uint8Array | undefined {
  const cut = beginning(value)
  const text = fromUtf8Strict(cut)
  if (text === undefined) return nextBytes(cut)
  const characters = [...text]
  for (let last = characters.length - 1; last >= 0; last--) {
    const next = nextCharacter(characters[last] as string)
    if (next !== undefined) return utf8(characters.slice(0, last).join('') + next)
  }
  return undefined
}

/** UTF-8 sorts as code points do. */
function nextCharacter(character: string): string | undefined {
  const next = (character.codePointAt(0) as number) + 1
  if (next > 0x10ffff) return undefined
  // Surrogates are no characters.
  return String.fromCodePoint(next >= 0xd800 && next < 0xe000 ? 0xe000 : next)
}

function nextBytes(value: Uint8Array): Uint8Array | undefined {
  const last = value.findLastIndex((byte) => byte !== 0xff)
  if (last < 0) return undefined
  const next = value.slice(0, last + 1)
  next[last] = (next[last] as number) + 1
  return next
}
