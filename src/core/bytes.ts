import type { Bytes } from '../contracts/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const EMPTY: Bytes = new Uint8Array(0)

/** UTF-8. A lone surrogate becomes U+FFFD: check `isWellFormed` first where that would be a loss. */
export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes
}

/** Malformed sequences become U+FFFD; a byte order mark is kept. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** `undefined` when the bytes are not UTF-8. */
export function fromUtf8Strict(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** How many bytes the text has in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}

/** The text in pieces of at most so many bytes of UTF-8, none of which ends within a character. At least one, maybe empty. */
export function cutUtf8(text: string, maxBytes: number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of text) {
    if (utf8(piece + character).byteLength > maxBytes) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece]
}

/** How many they are, together. */
export function totalBytes(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

/** One array out of many. A single chunk is returned as it is. */
export function concatBytes(chunks: readonly Bytes[]): Bytes {
  if (chunks.length === 1 && chunks[0]) return chunks[0]
  const all = new Uint8Array(totalBytes(chunks))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

/** The same bytes over a buffer that is not shared; copies only when it must. */
export function ownBytes(view: Uint8Array): Bytes {
  return view.buffer instanceof ArrayBuffer ? (view as Bytes) : new Uint8Array(view)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false
  return true
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  // In slices: a spread of the whole would pass the engine's limit on arguments.
  for (let i = 0; i < bytes.byteLength; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  }
  return btoa(binary)
}

/** `undefined` when the text is not base64. */
export function fromBase64(text: string): Bytes | undefined {
  try {
    return fromLatin1(atob(text))
  } catch {
    return undefined
  }
}

/** A byte for each character, all of which are below U+0100. */
export function fromLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** RFC 4648 section 5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** `undefined` when the text is not base64url. */
export function fromBase64Url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
}
