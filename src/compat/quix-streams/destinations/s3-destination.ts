import { SluiceError } from '../../../core/errors.ts'
import type { OptionNames } from '../../../core/option-names.ts'
import { headBucket } from '../../../s3/buckets/index.ts'
import type { S3StorageOptions } from '../../../s3/put-options.ts'
import { s3ClientStore } from '../../../stores/s3.ts'
import { CONNECTION_OPTIONS, clientsOf, type S3Connection } from '../../s3-connection.ts'
import type { Destination } from './destination.ts'

export interface S3DestinationOptions extends S3Connection {
  readonly bucket: string
  /** How S3 is to keep the files: class, encryption, tags. Default: as the bucket says. */
  readonly storage?: S3StorageOptions | undefined
}

const OPTIONS: OptionNames<S3DestinationOptions> = {
  ...CONNECTION_OPTIONS,
  bucket: true,
  storage: true,
}

/**
 * Quix Streams' `S3Destination`: a bucket, which is never made. Here the credentials are given; that of `sluice/node/quix-streams` finds those of the
 * environment, when it is called.
 *
 * `check` rejects with `not-found` (Quix: `S3BucketNotFoundError`) for a bucket that does not exist, with `permission-denied`
 * (`S3BucketAccessDeniedError`) for one that these credentials may not use, and with what else the server says.
 *
 * Errors: `invalid-options`, `unauthenticated` without credentials. Sends nothing.
 */
export function s3Destination(options: S3DestinationOptions): Destination {
  const { bucket, storage, capabilities } = options
  if (typeof bucket !== 'string' || bucket === '') {
    throw new SluiceError('invalid-options', 's3Destination: bucket is missing')
  }
  const client = clientsOf('s3Destination', options, OPTIONS)(bucket)
  return {
    store: s3ClientStore(client, { capabilities, storage }),
    async check(call) {
      const found = await headBucket(client, call)
      if (!found) {
        const message = `There is no bucket "${bucket}", and a sink makes none`
        throw new SluiceError('not-found', message, { serverCode: 'NoSuchBucket' })
      }
      if (!found.accessible) {
        const message = `The bucket "${bucket}" is in ${found.region}, and not for these credentials and region`
        throw new SluiceError('permission-denied', message, { region: found.region })
      }
    },
  }
}
