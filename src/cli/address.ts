import type { Store } from '../contracts/index.ts'
import { s3ClientFromEnvironment } from '../node/index.ts'
import type { S3Client } from '../s3/index.ts'
import { s3ClientStore } from '../stores/s3.ts'
import type { CliIo } from './io.ts'
import { usageError } from './usage-error.ts'

/** What the user wrote for a place: in a bucket, or on this machine. */
export type Address = BucketAddress | LocalAddress

export interface BucketAddress {
  readonly kind: 's3'
  readonly bucket: string
  readonly key: string
}

/** A path as it is, not a key of a folder store: `100%.csv` is the file of that name. */
export interface LocalAddress {
  readonly kind: 'local'
  readonly path: string
}

/** Options of every command that may speak to a bucket. They win over the environment. */
export interface BucketOptions {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly allowInsecure?: boolean | undefined
}

/** What an error says of the library's options, in the words of the command line. */
export function inFlags(message: string): string {
  return message
    .replace('set allowInsecure', 'add --allow-insecure')
    .replace('check the endpoint', 'check --endpoint (or SLUICE_S3_ENDPOINT, AWS_ENDPOINT_URL)')
    .replace(
      'give a key that the server knows, and its session token if it has one',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key that the server knows',
    )
}

/**
 * `s3://bucket/key`, the key as it is, without any escapes; everything else is a local path, but for other schemes, which
 * are refused: they are more likely a mistake than a folder's name.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('s3://')) {
    const [, bucket, key = ''] = /^([^/]*)\/?(.*)$/su.exec(text.slice('s3://'.length)) ?? []
    if (!bucket) throw usageError('an s3:// address names a bucket: s3://bucket/key')
    return { kind: 's3', bucket, key }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw usageError('an address is s3://bucket/key or a local path; other schemes are not known')
  }
  if (text === '') throw usageError('an address is missing: give s3://bucket/key or a local path')
  return { kind: 'local', path: text }
}

/** The same where one object or file is meant. */
export function parseObjectAddress(text: string): Address {
  const address = parseAddress(text)
  const name = address.kind === 's3' ? address.key : address.path
  if (name === '' || name.endsWith('/')) {
    throw usageError('the address names no object: give s3://bucket/key or a file')
  }
  return address
}

/** The bucket of an address, with the environment's credentials. Sends nothing. */
export function openBucket(address: BucketAddress, io: CliIo, options: BucketOptions): Store {
  return s3ClientStore(openClient(address, io, options))
}

/** The same as a client, for what a store has no verbs for. */
export function openClient(address: BucketAddress, io: CliIo, options: BucketOptions): S3Client {
  const { endpoint, region, allowInsecure } = options
  return s3ClientFromEnvironment({
    bucket: address.bucket,
    env: io.env,
    endpoint,
    region,
    allowInsecure,
  })
}

/** The address as the user wrote it. */
export function addressText(address: Address): string {
  return address.kind === 's3' ? `s3://${address.bucket}/${address.key}` : address.path
}
