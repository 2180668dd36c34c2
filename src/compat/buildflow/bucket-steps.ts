import type { CallOptions } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import {
  type BucketCorsRule,
  createBucket,
  deleteBucketCors,
  deleteBucketLifecycle,
  getBucketCors,
  getBucketLifecycle,
  headBucket,
  putBucketCors,
  putBucketLifecycle,
} from '../../s3/buckets/index.ts'
import { isKept } from '../../s3/buckets/lifecycle-rule.ts'
import type { S3Client } from '../../s3/client.ts'
import type { S3BucketSettings } from './s3-bucket-options.ts'

export interface BucketChange {
  readonly resource: 'bucket' | 'cors' | 'lifecycle'
  readonly action: 'create' | 'update' | 'delete'
  /** In a sentence. */
  readonly message: string
}

/** One thing to do; or one that the server cannot do, or that these credentials may not. */
export interface Step {
  readonly change?: BucketChange
  readonly take?: () => Promise<void>
  readonly unsupported?: SluiceError
  /** Whether the user has said so, and no default of ours. */
  readonly asked: boolean
}

/** The one lifecycle rule that is this package's to change. */
export const RULE_ID = 'sluice-stale-uploads'
export const DEFAULT_ABORT_DAYS = 7

/** What is missing to the bucket that the settings describe, in order. */
export async function bucketSteps(
  client: S3Client,
  settings: S3BucketSettings,
  options: CallOptions,
): Promise<Step[]> {
  const { cors, abortUploadsAfterDays } = settings
  const exists = await isThere(client, options)
  const steps: (Step | undefined)[] = []
  if (!exists) {
    const where = client.region === 'auto' ? '' : ` in ${client.region}`
    const message = `The bucket "${client.bucket}" is made${where}`
    const take = () => createBucket(client, options)
    steps.push({ change: { resource: 'bucket', action: 'create', message }, take, asked: true })
  }
  if (cors) {
    steps.push(await orUnsupported(true, () => corsStep(client, cors, exists, options)))
  }
  const asked = abortUploadsAfterDays !== undefined
  const days = abortUploadsAfterDays ?? DEFAULT_ABORT_DAYS
  steps.push(await orUnsupported(asked, () => lifecycleStep(client, days, asked, exists, options)))
  return steps.filter((step) => step !== undefined)
}

async function isThere(client: S3Client, options: CallOptions): Promise<boolean> {
  const found = await headBucket(client, options)
  if (!found) return false
  const { bucket, region } = client
  if (!found.accessible) {
    const message = `The bucket "${bucket}" is there and may not be called: the name is somebody else's, or a policy forbids it`
    throw new SluiceError('permission-denied', message, { region: found.region })
  }
  if (found.region !== undefined && found.region !== region && region !== 'auto') {
    const message = `The bucket "${bucket}" is in ${found.region} and cannot be moved to ${region}: say awsRegion: '${found.region}', or take another name`
    throw new SluiceError('invalid-options', message, { region: found.region })
  }
  return true
}

async function corsStep(
  client: S3Client,
  rules: readonly BucketCorsRule[],
  exists: boolean,
  options: CallOptions,
): Promise<Step | undefined> {
  const before = exists ? await getBucketCors(client, options) : []
  if (JSON.stringify(before.map(compared)) === JSON.stringify(rules.map(compared))) return undefined
  const action = actionOf(before.length, rules.length)
  const message = `CORS: ${before.length} rules become ${rules.length}`
  const take = () =>
    rules.length > 0 ? putBucketCors(client, rules, options) : deleteBucketCors(client, options)
  return { change: { resource: 'cors', action, message }, take, asked: true }
}

/** Without the id, which a server may have made. */
function compared(rule: BucketCorsRule): unknown {
  const { allowedOrigins, allowedMethods, allowedHeaders = [], exposeHeaders = [], maxAgeMs } = rule
  return [allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders, maxAgeMs ?? null]
}

async function lifecycleStep(
  client: S3Client,
  days: number,
  asked: boolean,
  exists: boolean,
  options: CallOptions,
): Promise<Step | undefined> {
  const before = exists ? await getBucketLifecycle(client, options) : []
  const ours = before.find(({ id }) => id === RULE_ID)
  const others = before.filter((rule) => rule !== ours)
  const wanted = { id: RULE_ID, prefix: '', abortUploadsAfterDays: days }
  if (days === 0 ? !ours : ours && isKept(wanted, ours)) return undefined
  const rules = days === 0 ? others : [...others, wanted]
  const action = actionOf(ours ? 1 : 0, days)
  const message =
    days === 0
      ? `Lifecycle: the rule "${RULE_ID}" goes`
      : `Lifecycle: uploads that nobody completes are aborted after ${days} days ("${RULE_ID}")`
  const take = () =>
    rules.length > 0
      ? putBucketLifecycle(client, rules, options)
      : deleteBucketLifecycle(client, options)
  return { change: { resource: 'lifecycle', action, message }, take, asked }
}

function actionOf(before: number, after: number): BucketChange['action'] {
  if (before === 0) return 'create'
  return after === 0 ? 'delete' : 'update'
}

async function orUnsupported(
  asked: boolean,
  find: () => Promise<Step | undefined>,
): Promise<Step | undefined> {
  try {
    return await find()
  } catch (error) {
    // A default of ours asks for no right that the user's own wishes do not need.
    const forgiven = !asked && isSluiceError(error, 'permission-denied')
    if (!forgiven && !isSluiceError(error, 'not-supported')) throw error
    return { asked, unsupported: error }
  }
}
