import { SluiceError } from '../core/errors.ts'
import type { S3Client } from './client.ts'
import type { S3Credentials } from './credentials.ts'
import type { S3Address } from './endpoint.ts'
import { amzDate } from './sign.ts'

/** What a client signs with. */
export interface Authority {
  readonly address: S3Address
  readonly credentials: () => Promise<S3Credentials>
  /** The server's clock, as far as it has told; else ours. Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Beside the clients instead of in them: whoever is handed a client may call the bucket with it, and still cannot take
 * its key away.
 */
const authorities = new WeakMap<S3Client, Authority>()

export function setAuthority(client: S3Client, authority: Authority): S3Client {
  authorities.set(client, authority)
  return client
}

/** `undefined` for a client without a key. */
export function authorityOf(client: S3Client): Authority | undefined {
  return authorities.get(client)
}

/** The server's clock, as far as it has told; else ours. Milliseconds since 1970. */
export function serverNow(client: S3Client): number {
  return (authorityOf(client) ?? client.clock).now()
}

/** How long a signature is good for. */
export interface Lifetime {
  /** When it begins, as `YYYYMMDDTHHMMSSZ`. */
  readonly date: string
  readonly seconds: number
  readonly expiresAt: Date
}

export interface Signing extends Authority, Lifetime {
  readonly credentialsNow: S3Credentials
}

const DEFAULT_EXPIRY_MS = 15 * 60_000
const MAX_EXPIRY_MS = 7 * 24 * 3_600_000

/**
 * What is needed to sign something that somebody else will send. The time it is good for is cut to the 7 days that S3
 * allows, and to the life of temporary credentials, whose end would end it anyway.
 *
 * Errors: `unauthenticated` for a client without a key and for credentials that have ended, `invalid-options` for less than
 * a second.
 */
export async function beginSigning(
  client: S3Client,
  expiresInMs: number = DEFAULT_EXPIRY_MS,
): Promise<Signing> {
  if (!(expiresInMs >= 1000)) {
    throw new SluiceError('invalid-options', `expiresInMs (${expiresInMs}) must be 1000 or more`)
  }
  const authority = authorityOf(client)
  if (!authority) {
    throw new SluiceError(
      'unauthenticated',
      'This client holds no key to sign with: give one that s3Client made with credentials',
    )
  }
  const credentialsNow = await authority.credentials()
  // In whole seconds, as it is written.
  const atMs = Math.floor(authority.now() / 1000) * 1000
  const endMs = credentialsNow.expiration?.getTime() ?? Number.POSITIVE_INFINITY
  const seconds = Math.floor(Math.min(expiresInMs, MAX_EXPIRY_MS, endMs - atMs) / 1000)
  if (!(seconds >= 1)) {
    throw new SluiceError('unauthenticated', 'The credentials to sign with have ended')
  }
  return {
    ...authority,
    credentialsNow,
    date: amzDate(atMs),
    seconds,
    expiresAt: new Date(atMs + seconds * 1000),
  }
}
