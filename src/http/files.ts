import type { ObjectInfo, Store } from '../contracts/index.ts'
import { fromBase64Url, toBase64Url, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { hmacSha256 } from '../core/hash.ts'
import { checkKey } from '../core/keys.ts'
import { constantTimeEqual } from './access.ts'
import { behind } from './behind.ts'

const PREFIX = '/v1/files/'

export const MIN_SECRET_LENGTH = 32

/** How long a link in a receipt opens its file. */
const LINK_MS = 60 * 60 * 1000

/** Makes and checks links that open one file for a while, without a token: for a browser to follow. */
export interface FileLinks {
  sign(key: string, nowMs: number): Promise<string>
  /** Whether the address carries a signature at all. */
  isSigned(url: URL): boolean
  /** Throws `permission-denied` unless the signature is ours, for this key, and not too old. */
  verify(url: URL, key: string, nowMs: number): Promise<void>
}

/** Throws `invalid-options` for a secret that could be guessed. */
export function fileLinks(secret: string): FileLinks {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new SluiceError(
      'invalid-options',
      `The link secret must have ${MIN_SECRET_LENGTH} characters or more`,
    )
  }
  const key = utf8(secret)
  // The first line keeps these apart from anything else that is ever signed with the secret.
  const signatureOf = (path: string, expires: string) =>
    hmacSha256(key, utf8(`sluice file link\n${expires}\n${path}`))
  return {
    async sign(path, nowMs) {
      const expires = String(Math.floor((nowMs + LINK_MS) / 1000))
      const signature = toBase64Url(await signatureOf(path, expires))
      return `${filePath(path)}?expires=${expires}&signature=${signature}`
    },
    isSigned: (url) => url.searchParams.has('signature'),
    async verify(url, path, nowMs) {
      const expires = url.searchParams.get('expires') ?? ''
      const given = fromBase64Url(url.searchParams.get('signature') ?? '')
      const right = given && constantTimeEqual(await signatureOf(path, expires), given)
      if (right && Number(expires) * 1000 > nowMs) return
      throw new SluiceError(
        'permission-denied',
        right ? 'This link has expired; ask for the receipt again' : 'This link is not valid',
      )
    },
  }
}

/** Where a file is downloaded. Each segment is escaped, so that a `%` in a key stays one. */
export function filePath(key: string): string {
  return PREFIX + key.split('/').map(encodeURIComponent).join('/')
}

/** The key that a path names. Throws `invalid-key`. */
export function keyOf(url: URL): string {
  let key: string
  try {
    key = url.pathname.slice(PREFIX.length).split('/').map(decodeURIComponent).join('/')
  } catch (cause) {
    throw new SluiceError('invalid-key', 'The path is not percent-encoded UTF-8', { cause })
  }
  checkKey(key)
  return key
}

/** Sends a file, or the part of it that `Range` asks for. Throws `not-found`. */
export async function download(store: Store, key: string, request: Request): Promise<Response> {
  const info = await behind(() => store.head(key))
  if (!info) throw new SluiceError('not-found', `There is no file "${key}"`, { key })
  const { sizeBytes } = info
  const range = rangeOf(request.headers.get('range'), sizeBytes)
  if (range && range.start >= range.end) {
    throw new SluiceError('invalid-options', `The file has ${sizeBytes} bytes`, {
      key,
      status: 416,
    })
  }
  const headers = headersOf(info)
  headers.set('content-length', String(range ? range.end - range.start : sizeBytes))
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${sizeBytes}`)
  const init = { status: range ? 206 : 200, headers }
  if (request.method === 'HEAD') return new Response(null, init)
  // Of the version that was looked at, so that the headers fit the bytes.
  const found = await behind(() => store.get(key, { ifMatch: info.etag, ...(range && { range }) }))
  if (!found) throw new SluiceError('not-found', `There is no file "${key}"`, { key })
  return new Response(found.body, init)
}

function headersOf(info: ObjectInfo): Headers {
  const name = info.key.slice(info.key.lastIndexOf('/') + 1)
  return new Headers({
    'content-type': info.contentType ?? 'application/octet-stream',
    // RFC 6266 and 8187. A download, never a page: what is in it came from outside.
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replaceAll("'", '%27')}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private',
    'accept-ranges': 'bytes',
    etag: `"${info.etag}"`,
    'last-modified': info.lastModified.toUTCString(),
  })
}

/** One range of bytes, half open; RFC 9110, 14.1.2. Anything else is answered with the whole file, as it allows. */
function rangeOf(header: string | null, size: number): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') return { start: Math.max(0, size - Number(last)), end: size }
  if (last !== '' && Number(last) < Number(first)) return undefined
  return {
    start: Number(first),
    end: last === '' ? size : Math.min(size, Number(last) + 1),
  }
}
