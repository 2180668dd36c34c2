import type { CallOptions } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import type { S3Client } from '../client.ts'
import { orUndefined } from '../objects.ts'
import { drain, readXml } from '../response.ts'
import { contentOf, writeXml } from '../xml.ts'
import { emptyBucket } from './empty-bucket.ts'

export interface BucketInfo {
  /** Where it is; `undefined` where the server does not tell (MinIO, rustfs). */
  readonly region: string | undefined
  /** Whether this client may call it, and is right about where it is. */
  readonly accessible: boolean
}

/**
 * Asks whether the client's bucket exists, and where. `undefined` when it does not.
 *
 * AWS tells the region of any bucket that exists to anybody, an anonymous client too: then `accessible` is `false`. Errors:
 * `permission-denied` where a server refuses and tells no region, because then nothing is known, and what `S3Client.send`
 * rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 */
export async function headBucket(
  client: S3Client,
  options: CallOptions = {},
): Promise<BucketInfo | undefined> {
  try {
    return await client.send({
      operation: 'HeadBucket',
      method: 'HEAD',
      signal: options.signal,
      read: async ({ headers }) => ({
        region: headers.get('x-amz-bucket-region') ?? undefined,
        accessible: true,
      }),
    })
  } catch (error) {
    if (isSluiceError(error, 'not-found')) return undefined
    if (!isSluiceError(error) || error.retryable || !error.region) throw error
    return { region: error.region, accessible: false }
  }
}

/**
 * Where the bucket is, by the one call that its owner alone may make. `headBucket` is for everybody else. The two old names
 * of S3 come as what they stand for: none is `us-east-1`, and `EU` is `eu-west-1`.
 *
 * Errors: `not-found`, `not-supported`, and what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
 */
export function getBucketLocation(client: S3Client, options: CallOptions = {}): Promise<string> {
  return client.send({
    operation: 'GetBucketLocation',
    method: 'GET',
    query: { location: '' },
    signal: options.signal,
    async read(response, context) {
      const region = contentOf(await readXml(response, context, 'LocationConstraint'))
      return region === 'EU' ? 'eu-west-1' : String(region).trim() || 'us-east-1'
    },
  })
}

export interface CreateBucketOptions extends CallOptions {
  /** Default: the client's own, and where that is `auto`, the provider's choice. AWS makes buckets of other regions only at its endpoint of `us-east-1`. */
  readonly region?: string | undefined
}

/**
 * Makes the client's bucket. One that is the caller's already counts as made, so that a lost answer does no harm, and keeps
 * what it holds; where it is and how it is set up is not looked at.
 *
 * Errors: `already-exists` when it is somebody else's, `invalid-options` for a region that the server does not know,
 * `not-supported`, and what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export async function createBucket(
  client: S3Client,
  options: CreateBucketOptions = {},
): Promise<void> {
  const { region = client.region, signal } = options
  // The first region has no name here: S3 refuses its own. "auto" is what is signed for, and no place.
  const there = !/^(us-east-1|auto)$/.test(region) && {
    headers: { 'content-type': 'application/xml' },
    body: utf8(writeXml('CreateBucketConfiguration', [['LocationConstraint', region]])),
  }
  try {
    await client.send({
      operation: 'CreateBucket',
      method: 'PUT',
      ...there,
      signBody: true,
      signal,
      read: drain,
    })
  } catch (error) {
    if (!isSluiceError(error) || error.serverCode !== 'BucketAlreadyOwnedByYou') throw error
  }
}

export interface DeleteBucketOptions extends CallOptions {
  /**
   * Empties a bucket that the server refuses to delete because it is not empty: objects, their versions and delete markers, and open
   * uploads, where the server lists them. Nothing brings them back. Default `false`.
   */
  readonly force?: boolean | undefined
}

const MAX_ROUNDS = 5

/**
 * Deletes the client's bucket. An absent one counts as deleted, so that a lost answer does no harm.
 *
 * With `force` it holds one page of a listing at a time, and gives up when the bucket gets new objects while it is
 * emptied. Errors: `precondition-failed` for a bucket that is not empty; with `force`, `conflict` for one that does not
 * become so, and what refuses to be deleted (`permission-denied` for a locked version); what `S3Client.send` rejects with. What
 * was deleted by then stays deleted.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
 */
export async function deleteBucket(
  client: S3Client,
  options: DeleteBucketOptions = {},
): Promise<void> {
  const { force = false, signal } = options
  for (let round = 0; ; round++) {
    try {
      // Only after the server has said that this is all that is in the way: one that deletes no buckets leaves the objects alone.
      // Whether it is gone only its own deletion tells.
      if (round > 0) await orUndefined(() => emptyBucket(client, MAX_ROUNDS, signal))
      return await client.send({
        operation: 'DeleteBucket',
        method: 'DELETE',
        signal,
        read: drain,
      })
    } catch (error) {
      if (isSluiceError(error, 'not-found')) return
      if (!force || !isSluiceError(error) || error.serverCode !== 'BucketNotEmpty') throw error
      if (round < MAX_ROUNDS) continue
      throw new SluiceError(
        'conflict',
        `Bucket "${client.bucket}" was emptied ${round} times and is not empty: something writes to it, or it holds what it does not list`,
        { ...error, retryable: true, cause: error },
      )
    }
  }
}
