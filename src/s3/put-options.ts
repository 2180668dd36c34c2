import type { CopyOptions, MultipartOptions, PutOptions } from '../contracts/index.ts'
import { toBase64, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import type { S3Client, S3Headers } from './client.ts'
import { encodeRfc3986 } from './endpoint.ts'

/** How S3 is to keep an object: beyond what every store knows. What a provider lacks it refuses, mostly with `not-supported`. */
export interface S3StorageOptions {
  /** Such as `STANDARD_IA`. Default: the provider's standard. */
  readonly storageClass?: string | undefined
  /** With keys of S3's own, or one of KMS. Default: as the bucket says. */
  readonly serverSideEncryption?: 'AES256' | S3KmsKey | undefined
  /** At most 10; names of 1 to 128 characters, values of at most 256. Default: none; on a copy, those of the source. */
  readonly tags?: S3Tags | undefined
}

export interface S3KmsKey {
  /** An id or ARN. Default: the account's own key for S3. */
  readonly kmsKeyId?: string | undefined
  /** The encryption context; not secret. */
  readonly context?: Readonly<Record<string, string>> | undefined
}

export type S3Tags = Readonly<Record<string, string>>

export interface S3PutObjectOptions extends PutOptions, S3StorageOptions {}
export interface S3UploadOptions extends MultipartOptions, S3StorageOptions {}
export interface S3CopyOptions extends CopyOptions, S3StorageOptions {
  /** A client of the bucket that holds the source, when that is another one: of the same server, whose requests ours may stand for. Default: ours. */
  readonly source?: S3Client | undefined
}

/**
 * Errors: `invalid-options` for tags that S3 would refuse.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function storageHeaders(options: S3StorageOptions): S3Headers {
  const { storageClass, serverSideEncryption: encryption, tags } = options
  const kms = typeof encryption === 'object' ? encryption : undefined
  const context = kms?.context && toBase64(utf8(JSON.stringify(kms.context)))
  return {
    'x-amz-storage-class': storageClass,
    'x-amz-server-side-encryption': kms ? 'aws:kms' : (encryption as string | undefined),
    'x-amz-server-side-encryption-aws-kms-key-id': kms?.kmsKeyId,
    'x-amz-server-side-encryption-context': context,
    'x-amz-tagging':
      tags &&
      checkedTags(tags)
        .map((tag) => tag.map(encodeRfc3986).join('='))
        .join('&'),
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export function checkedTags(tags: S3Tags): [name: string, value: string][] {
  const entries = Object.entries(tags)
  const fits = ([name, value]: [string, string]): boolean =>
    name.length >= 1 &&
    name.length <= 128 &&
    value.length <= 256 &&
    !/\p{Surrogate}/u.test(name + value)
  if (entries.length <= 10 && entries.every(fits)) return entries
  throw new SluiceError(
    'invalid-options',
    'An object has at most 10 tags, with names of 1 to 128 characters and values of at most 256',
  )
}
