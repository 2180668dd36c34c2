import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../../contracts/index.ts'
import { EMPTY, fromBase64, toBase64, toHex } from '../../core/bytes.ts'
import { type CrcName, crc } from '../../core/crc.ts'
import { Refusal, type S3ErrorCode } from './refusal.ts'

/** What the last part of `x-amz-checksum-…` may be. */
export type ChecksumName = CrcName | 'sha1' | 'sha256'
export const CHECKSUMS: readonly ChecksumName[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

type DigestName = ChecksumName | 'md5'

export const PREFIX = 'x-amz-checksum-'

/** `undefined` for what is no checksum's header, such as `x-amz-checksum-mode`. */
export function checksumOf(header: string): ChecksumName | undefined {
  return CHECKSUMS.find((name) => header === PREFIX + name)
}

/** For a completion, whose checksums are the object's and not this request's body's. */
export function withoutChecksums(headers: Headers): Headers {
  const others = new Headers(headers)
  for (const name of CHECKSUMS) others.delete(PREFIX + name)
  return others
}

/** A digest that a body must have. */
export interface Expectation {
  readonly name: DigestName
  /** In base64, or, of the signed payload, in hex. */
  readonly expected: string
  readonly header: string
}

/** What the headers say of the body: the hash that was signed, checksums, and Content-MD5. */
export function expectationsOf(headers: Headers, payloadHash: string): readonly Expectation[] {
  const found: Expectation[] = []
  const header = 'x-amz-content-sha256'
  if (/^[0-9a-f]{64}$/.test(payloadHash))
    found.push({ name: 'sha256', expected: payloadHash, header })
  const contentMd5 = headers.get('content-md5')
  if (contentMd5 !== null) found.push(checkedBase64('md5', contentMd5, 'content-md5'))
  for (const name of CHECKSUMS) {
    const value = headers.get(PREFIX + name)
    if (value !== null) found.push(checkedBase64(name, value, PREFIX + name))
  }
  return found
}

export function checkedBase64(name: DigestName, value: string, header: string): Expectation {
  const bytes = fromBase64(value)
  if (bytes?.byteLength === digester(name).digest().byteLength) {
    return { name, expected: toBase64(bytes), header }
  }
  const code = name === 'md5' ? 'InvalidDigest' : 'InvalidRequest'
  throw new Refusal(code, `Value for ${header} header is invalid.`)
}

/** Computes what is expected while the bytes pass by. */
export interface DigestCheck {
  update(bytes: Uint8Array): void
  /** Throws for the first digest that is another one. `late` are those that came behind the body. */
  finish(late?: readonly Expectation[]): void
}

export function digestCheck(
  expectations: readonly Expectation[],
  announced: readonly ChecksumName[] = [],
): DigestCheck {
  const names = new Set<DigestName>([...expectations.map(({ name }) => name), ...announced])
  const running = new Map([...names].map((name) => [name, digester(name)]))
  return {
    update(bytes) {
      for (const digest of running.values()) digest.update(bytes)
    },
    finish(late = []) {
      const found = new Map([...running].map(([name, digest]) => [name, digest.digest()]))
      for (const expectation of [...expectations, ...late]) {
        compare(expectation, found.get(expectation.name) ?? EMPTY)
      }
    },
  }
}

/** The same of a body that is held: WebCrypto has the SHAs in one call, and several times as fast. */
export async function checkDigests(
  bytes: Bytes,
  expectations: readonly Expectation[],
): Promise<void> {
  for (const expectation of expectations) {
    const subtle = SUBTLE[expectation.name as keyof typeof SUBTLE] as string | undefined
    if (subtle) compare(expectation, new Uint8Array(await crypto.subtle.digest(subtle, bytes)))
    else {
      const digest = digester(expectation.name)
      digest.update(bytes)
      compare(expectation, digest.digest())
    }
  }
}

const SUBTLE = { sha1: 'SHA-1', sha256: 'SHA-256' } as const

/** Whether this is the checksum of no bytes at all. */
export function isOfNothing(name: ChecksumName, value: string): boolean {
  return value === toBase64(digester(name).digest())
}

function compare({ name, expected, header }: Expectation, digest: Uint8Array): void {
  const signed = header === 'x-amz-content-sha256'
  if (expected === (signed ? toHex(digest) : toBase64(digest))) return
  const code: S3ErrorCode = signed ? 'XAmzContentSHA256Mismatch' : 'BadDigest'
  throw new Refusal(
    code,
    signed
      ? "The provided 'x-amz-content-sha256' header does not match what was computed"
      : `The ${name.toUpperCase()} you specified did not match the calculated checksum.`,
  )
}

interface Digester {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

function digester(name: DigestName): Digester {
  if (name === 'md5') return md5.create()
  if (name === 'sha1') return sha1.create()
  if (name === 'sha256') return sha256.create()
  return crc(name)
}
