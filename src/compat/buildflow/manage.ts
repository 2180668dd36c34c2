import type { CallOptions } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { deleteBucket, headBucket } from '../../s3/buckets/index.ts'
import type { S3Client } from '../../s3/client.ts'
import type { BucketPrimitive } from './bucket-primitive.ts'
import { type BucketChange, bucketSteps, type Step } from './bucket-steps.ts'
import { wranglerCommands } from './wrangler-commands.ts'

export type { BucketChange } from './bucket-steps.ts'

/** What is to be done, or was. */
export interface BucketPlan {
  readonly bucketName: string
  /** In this order. None: the bucket is as it should be. */
  readonly changes: readonly BucketChange[]
  /** What this server cannot do, each in a sentence. */
  readonly unsupported: readonly string[]
  /**
   * Of a bucket that was given as a `store`, which no request of ours can make or set up: what does it in an account of Cloudflare's. Else
   * none.
   */
  readonly commands: readonly string[]
}

/** A bucket as a resource: as BuildFlow has it by Pulumi, without a state of its own. What is there is asked for each time. */
export interface BucketManagement {
  /**
   * What `apply` would do. Changes nothing. What an absent bucket's server cannot do is known when it is there. Errors: `permission-denied`
   * for a bucket that is not the caller's; `invalid-options` for one in another region than `awsRegion`.
   */
  plan(options?: CallOptions): Promise<BucketPlan>
  /**
   * Makes the bucket in its region, and sets it up. Says what it has done; again, it does nothing. Rules of others stay.
   *
   * Errors: those of `plan`; `not-supported`, after the rest was done, for a setting that was asked for and the server does not have, and for a bucket that was given as a
   * `store`; `already-exists` for a name that somebody else has.
   */
  apply(options?: CallOptions): Promise<BucketPlan>
  /**
   * Deletes the bucket, if it is there. With `forceDestroy` all that is in it goes first, and nothing brings it back. Errors: `precondition-failed` when it
   * is not empty; `conflict` when it is written to meanwhile; `not-supported` for a bucket that was given as a `store`.
   */
  destroy(options?: CallOptions): Promise<BucketPlan>
}

/** The bucket as a resource that is made, set up and deleted as its `options()` say. Sends nothing. */
export function manage(bucket: BucketPrimitive): BucketManagement {
  const { bucketName } = bucket
  const done = (steps: readonly Step[]): BucketPlan => ({
    bucketName,
    changes: steps.flatMap(({ change }) => change ?? []),
    unsupported: steps.flatMap(({ unsupported }) => unsupported?.message ?? []),
    commands: [],
  })
  return {
    async plan(options = {}) {
      const { client, settings } = bucket
      if (!client) return { ...done([]), commands: wranglerCommands(bucketName, settings) }
      return done(await bucketSteps(client, settings, options))
    },
    async apply(options = {}) {
      const client = managed(bucket)
      const taken: Step[] = []
      for (const step of await bucketSteps(client, bucket.settings, options)) {
        taken.push(await taking(step))
      }
      const refused = taken.find(({ unsupported, asked }) => unsupported && asked)
      if (refused?.unsupported) throw refused.unsupported
      return done(taken)
    },
    async destroy({ signal } = {}) {
      const client = managed(bucket)
      if (!(await headBucket(client, { signal }))) return done([])
      const { forceDestroy: force = false } = bucket.settings
      try {
        await deleteBucket(client, { force, signal })
      } catch (cause) {
        if (force || !isSluiceError(cause, 'precondition-failed')) throw cause
        const message = `The bucket "${bucketName}" is not empty and stays; options({ forceDestroy: true }) deletes it with all that is in it`
        throw new SluiceError('precondition-failed', message, { ...cause, cause })
      }
      const message = `The bucket "${bucketName}"${force ? ', and what was in it,' : ''} is deleted`
      return done([{ change: { resource: 'bucket', action: 'delete', message }, asked: true }])
    },
  }
}

/** The step as it was taken, or why the server does not take it. */
async function taking(step: Step): Promise<Step> {
  try {
    await step.take?.()
    return step
  } catch (error) {
    if (!isSluiceError(error, 'not-supported')) throw error
    return { asked: step.asked, unsupported: error }
  }
}

function managed({ client, bucketName }: BucketPrimitive): S3Client {
  if (client) return client
  const message = `The bucket "${bucketName}" was given as a store, which cannot be made or deleted here; plan() has the commands for R2`
  throw new SluiceError('not-supported', message)
}
