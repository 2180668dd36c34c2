import type { Awaitable } from '../contracts/index.ts'
import { utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { behind } from './behind.ts'

export type Scope = 'write' | 'read'

/** What a token may do. */
export interface Access {
  /** Names of streams; `*` is all of them. */
  readonly streams: readonly string[]
  readonly scopes: readonly Scope[]
}

/** What the bearer of this token may do; `undefined` for a token nobody gave out. */
export type Authorize = (token: string) => Awaitable<Access | undefined>

/** A token as the server knows it: by its hash, so that a configuration that leaks lets nobody in. */
export interface TokenRule extends Access {
  /** SHA-256 of the token, 64 hex digits. */
  readonly sha256: string
}

/**
 * Tells tokens by their hashes. How long it takes says nothing about how much of a hash was right. Throws `invalid-options`
 * for what is no hash, and for two rules with the same one.
 */
export function tokenAuthorizer(rules: readonly TokenRule[]): Authorize {
  const places = new Map<string, number>()
  for (const [place, { sha256 }] of rules.entries()) {
    const earlier = places.get(sha256.toLowerCase())
    if (earlier !== undefined) {
      throw new SluiceError(
        'invalid-options',
        `The token rules ${earlier} and ${place} have the same "sha256"; one rule says all that a token may do`,
      )
    }
    places.set(sha256.toLowerCase(), place)
  }
  const known = rules.map((rule) => ({ rule, hash: fromHex(rule.sha256) }))
  return async (token) => {
    const hash = await sha256(utf8(token))
    let found: Access | undefined
    for (const entry of known) if (constantTimeEqual(entry.hash, hash)) found = entry.rule
    return found
  }
}

/** Compares all bytes, whatever the first ones say. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.byteLength ^ b.byteLength
  for (let i = 0; i < a.byteLength; i++) difference |= (a[i] as number) ^ (b[i] ?? 0)
  return difference === 0
}

function fromHex(hex: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new SluiceError(
      'invalid-options',
      'A token rule\'s "sha256" must be the SHA-256 of the token in 64 hex digits',
    )
  }
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** The access of a request's bearer token. Throws `unauthenticated`. The token is in no message. */
export async function authenticate(
  header: string | null | undefined,
  authorize: Authorize,
): Promise<Access> {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(header ?? '')?.[1]
  if (token === undefined) {
    throw new SluiceError('unauthenticated', 'Send a token: "Authorization: Bearer …"')
  }
  const access = await behind(() => authorize(token))
  if (!access) throw new SluiceError('unauthenticated', 'This token is not known here')
  return access
}

export function allows(access: Access, stream: string, scope: Scope): boolean {
  return (
    access.scopes.includes(scope) &&
    (access.streams.includes('*') || access.streams.includes(stream))
  )
}

/** Throws `permission-denied` unless one of the scopes is granted on the stream. */
export function demand(access: Access, stream: string, ...scopes: readonly Scope[]): void {
  if (scopes.some((scope) => allows(access, stream, scope))) return
  throw new SluiceError(
    'permission-denied',
    `This token may not ${scopes.join(' or ')} the stream "${stream}"`,
  )
}
