/** The AWS SDK's signer as the second opinion on ours. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { S3Credentials } from '../../src/s3/credentials.ts'

type Source = string | ArrayBuffer | ArrayBufferView

class Sha256 {
  readonly #hash

  constructor(secret?: Source) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', view(secret))
  }

  update(data: Source): void {
    this.#hash.update(view(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

export function referenceSigner(credentials: S3Credentials, region: string): SignatureV4 {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
    region,
    service: 's3',
    sha256: Sha256,
    // As for S3: the path is signed as it stands.
    uriEscapePath: false,
    applyChecksum: false,
  })
}

/** The specification's UriEncode, byte by byte. */
export function uriEncode(text: string): string {
  let encoded = ''
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

export interface Request {
  readonly method: string
  readonly origin: string
  /** Not escaped. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** As `@smithy/signature-v4` takes it. */
export function asHttpRequest({ method, origin, path, query, headers }: Request): {
  method: string
  protocol: string
  hostname: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
} {
  const { protocol, hostname, host } = new URL(origin)
  return {
    method,
    protocol,
    hostname,
    path: path.split('/').map(uriEncode).join('/'),
    query: { ...query },
    headers: { ...headers, host },
  }
}

/** The query of a URL as it will be verified by a server that escapes nothing anew. */
export function canonicalQuery(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${uriEncode(name)}=${uriEncode(String(value))}`)
    .sort()
    .join('&')
}

/**
 * The signature that a URL must carry, made by the reference from what a server gets: the method, the URL as it came, and the
 * headers. Only those named as signed count, and they must be there.
 */
export async function expectedSignature(
  method: string,
  url: URL,
  headers: Headers,
  credentials: S3Credentials,
  region: string,
): Promise<string | undefined> {
  const query = Object.fromEntries(url.searchParams)
  const signed: Record<string, string> = {}
  for (const name of (query['X-Amz-SignedHeaders'] ?? '').split(';')) {
    const value = name === 'host' ? url.host : headers.get(name)
    if (value === null) return undefined
    signed[name] = value
  }
  for (const name of Object.keys(query)) {
    if (
      /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)$/.test(
        name,
      )
    )
      delete query[name]
  }
  const path = decodeURIComponent(url.pathname)
  const request = asHttpRequest({ method, origin: url.origin, path, query, headers: signed })
  const presigned = await presignAsReference(request, credentials, region, {
    date: dateOf(url.searchParams.get('X-Amz-Date') ?? ''),
    seconds: Number(url.searchParams.get('X-Amz-Expires')),
  })
  return presigned['X-Amz-Signature'] as string
}

/** The query after the reference has signed in it. */
export async function presignAsReference(
  request: ReturnType<typeof asHttpRequest>,
  credentials: S3Credentials,
  region: string,
  { date, seconds }: { date: Date; seconds: number },
): Promise<Record<string, unknown>> {
  const names = new Set(Object.keys(request.headers))
  const payload = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...request.headers }
  const signed = await referenceSigner(credentials, region).presign(
    { ...request, headers: payload },
    {
      signingDate: date,
      expiresIn: seconds,
      // Each given header is signed where it is, and no other.
      unhoistableHeaders: new Set(Object.keys(payload)),
      signableHeaders: names,
      ...(names.has('x-amz-content-sha256')
        ? {}
        : { unsignableHeaders: new Set(['x-amz-content-sha256']) }),
    },
  )
  return signed.query as Record<string, unknown>
}

function dateOf(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function view(data: Source): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
