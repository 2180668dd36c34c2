import type { ObjectHeaders } from '../contracts/index.ts'
import {
  cutUtf8,
  fromBase64,
  fromLatin1,
  fromUtf8Strict,
  toBase64,
  toHex,
  utf8,
} from '../core/bytes.ts'
import type { S3Headers } from './client.ts'
import { decodePercent } from './endpoint.ts'
import { type S3StorageOptions, storageHeaders } from './put-options.ts'

const META = 'x-amz-meta-'

const NONCE_NAME = 'sluice-write'

/** Marks a write, so that its sender can tell later whether the object is his. */
export const NONCE: string = META + NONCE_NAME

/** The user's own name of that kind, as it is sent: with one dash more, so that none is lost or taken for the mark. */
const USERS_OWN = new RegExp(`^${NONCE_NAME}-*$`)

export function newNonce(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)))
}

export function nonceOf(headers: Headers): string | undefined {
  return headers.get(NONCE) ?? undefined
}

/** Control characters, which would be gone or refused elsewhere, and lone surrogates, which have no UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNFIT = /[\u0000-\u001f\u007f]|\p{Surrogate}/u

/** The headers that carry an object's own. A content type is always sent: some runtimes would add one of their own. */
export function objectHeaders(
  options: ObjectHeaders & S3StorageOptions,
  nonce?: string,
): S3Headers {
  const headers: Record<string, string | undefined> = {
    ...storageHeaders(options),
    'content-type': options.contentType ?? 'application/octet-stream',
    'cache-control': options.cacheControl,
    'content-disposition': options.contentDisposition,
    'content-encoding': options.contentEncoding,
    [NONCE]: nonce,
  }
  for (const [name, value] of Object.entries(options.metadata ?? {})) {
    // What no header can carry is refused before anything is sent, as it is.
    const sent = UNFIT.test(value) ? value : encodeMetadata(value)
    headers[META + (USERS_OWN.test(name) ? `${name}-` : name)] = sent
  }
  return headers
}

/** The user's own headers: what `objectHeaders` was given, from the headers of an answer. */
export function userHeaders(headers: Headers): ObjectHeaders {
  const { metadata, ...standard } = readObjectHeaders(headers)
  const { [NONCE_NAME]: _, ...users } = metadata
  const named = Object.entries(users).map(
    ([name, value]) => [USERS_OWN.test(name) ? name.slice(0, -1) : name, value] as const,
  )
  return { ...standard, metadata: Object.fromEntries(named) }
}

/** What `objectHeaders` sent, the mark of the write included. An empty standard header says as much as none. */
export function readObjectHeaders(
  headers: Headers,
): ObjectHeaders & { readonly metadata: Readonly<Record<string, string>> } {
  const metadata: Record<string, string> = {}
  headers.forEach((value, name) => {
    if (name.startsWith(META)) metadata[name.slice(META.length)] = decodeMetadata(value)
  })
  return {
    contentType: headers.get('content-type') || undefined,
    cacheControl: headers.get('cache-control') || undefined,
    contentDisposition: headers.get('content-disposition') || undefined,
    contentEncoding: headers.get('content-encoding') || undefined,
    metadata,
  }
}

/** What reaches the other side as it is: no spaces that HTTP or the signature would fold, nothing that looks encoded. */
const PLAIN = /^(?! )(?!.* {2})(?!.*=\?)[\u0020-\u007e]+(?<! )$/

/** An encoded word has at most 75 characters: 12 of frame, so 45 bytes in base64. */
const WORD_BYTES = 45

/**
 * One header value out of any text. Runtimes differ in how they send a character beyond ASCII, so such a text goes as
 * RFC 2047 encoded words, which AWS uses both ways.
 * @see https://www.rfc-editor.org/rfc/rfc2047#section-2
 */
export function encodeMetadata(value: string): string {
  if (PLAIN.test(value)) return value
  const words = cutUtf8(value, WORD_BYTES)
  return words.map((text) => `=?UTF-8?B?${toBase64(utf8(text))}?=`).join(' ')
}

const ENCODED_WORDS =
  /=\?([A-Za-z0-9-]+)\?([bq])\?([^? ]*)\?=(?:\s+(?==\?[A-Za-z0-9-]+\?[bq]\?[^? ]*\?=))?/gi

/** The other way. What is not encoded, or in a charset that is not UTF-8, stays as it came. */
export function decodeMetadata(value: string): string {
  return asUtf8(value).replace(
    ENCODED_WORDS,
    (word, charset: string, encoding: string, payload: string) => {
      if (!/^(utf-8|us-ascii)$/i.test(charset)) return word
      if (encoding.toUpperCase() === 'Q') return fromQ(payload) ?? word
      const bytes = fromBase64(payload)
      return (bytes && fromUtf8Strict(bytes)) ?? word
    },
  )
}

/** RFC 2047 section 4.2: what a URL does with `%`, done with `=`, and `_` for the space. */
function fromQ(payload: string): string | undefined {
  const text = payload.replaceAll('%', '%25').replaceAll('_', ' ')
  return decodePercent(text.replace(/=(?=[0-9A-F]{2})/gi, '%'))
}

const BEYOND_LATIN_1 = /[\u0100-\uffff]/

/** A server that sends UTF-8 as it is reaches us as Latin-1 in most runtimes: takes it back where it is UTF-8. */
function asUtf8(value: string): string {
  if (BEYOND_LATIN_1.test(value)) return value
  return fromUtf8Strict(fromLatin1(value)) ?? value
}
