import type { CallOptions } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import type { S3Client } from '../client.ts'
import {
  type ConfigurationKind,
  deleteConfiguration,
  getConfiguration,
  putConfiguration,
} from './configuration.ts'
import {
  type BucketLifecycleRule,
  isKept,
  nameOf,
  type PlainLifecycleRule,
  partOfRule,
  readRule,
} from './lifecycle-rule.ts'

export const LIFECYCLE: ConfigurationKind = {
  name: 'LifecycleConfiguration',
  parameter: 'lifecycle',
  root: 'LifecycleConfiguration',
}
const MAX_RULES = 1000

/** A setting of the whole document that is a header, and that a put without it would reset. */
const TRANSITION_SIZE = 'x-amz-transition-default-minimum-object-size'

/** What was put may be read as it was before for a while. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel */
const READ_BACKS = 4
const READ_BACK_PAUSE_MS = 500

interface Lifecycle {
  readonly rules: readonly BucketLifecycleRule[]
  readonly transitionSize: string | undefined
}

async function read(client: S3Client, options: CallOptions): Promise<Lifecycle> {
  const found = await getConfiguration(client, LIFECYCLE, options)
  return {
    rules: found?.root.children('Rule').map(readRule) ?? [],
    transitionSize: found?.headers.get(TRANSITION_SIZE) ?? undefined,
  }
}

/**
 * The bucket's lifecycle rules; none where it has none. A rule that says more than this package has words for comes as
 * `{ id, xml }`, so that all of them can be put again.
 *
 * Errors: `not-found` for an absent bucket, `not-supported`, and what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
 */
export async function getBucketLifecycle(
  client: S3Client,
  options: CallOptions = {},
): Promise<readonly BucketLifecycleRule[]> {
  return (await read(client, options)).rules
}

/**
 * Replaces all lifecycle rules of the bucket, and reads them back: MinIO takes a rule to abort uploads beside an expiration,
 * and drops it without a word.
 *
 * Not guaranteed: anything against somebody else who puts rules at the same time.
 *
 * Errors: `precondition-failed`, and nothing is put, when the bucket has an `{ id, xml }` rule and neither it nor another of its id
 * is among `rules`; `invalid-options` for no rule or more than 1,000 (`deleteBucketLifecycle` takes the last one away) and for
 * rules that are none; `not-supported` where the server has no lifecycle rules, or none of this kind, or does not show
 * one that it took; what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
 */
export async function putBucketLifecycle(
  client: S3Client,
  rules: readonly BucketLifecycleRule[],
  options: CallOptions = {},
): Promise<void> {
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > MAX_RULES) {
    throw new SluiceError(
      'invalid-options',
      `putBucketLifecycle: 1 to ${MAX_RULES} lifecycle rules are needed, in a list`,
    )
  }
  const parts = rules.map(partOfRule)
  const before = await read(client, options)
  const lost = before.rules.find(
    (rule) => 'xml' in rule && !rules.some((given) => isSame(given, rule)),
  )
  if (lost) {
    throw new SluiceError(
      'precondition-failed',
      `${nameOf(lost)} of bucket "${client.bucket}" would be lost: give it too, as getBucketLifecycle reads it, or call deleteBucketLifecycle first`,
    )
  }
  const plain = rules.filter((rule): rule is PlainLifecycleRule => !('xml' in rule))
  try {
    await putConfiguration(client, LIFECYCLE, parts, options, {
      [TRANSITION_SIZE]: before.transitionSize,
    })
  } catch (error) {
    // MinIO says so of a rule that only aborts uploads. It is well-formed: we wrote it.
    const refused = isSluiceError(error, 'invalid-options') && error.status === 400
    if (!refused || plain.length < rules.length) throw error
    throw new SluiceError('not-supported', error.message, { ...error, cause: error })
  }
  await checkKept(client, plain, before.rules, options)
}

/** Takes all lifecycle rules away, whatever they say. `not-supported` where the server has none. */
export function deleteBucketLifecycle(client: S3Client, options: CallOptions = {}): Promise<void> {
  return deleteConfiguration(client, LIFECYCLE, options)
}

async function checkKept(
  client: S3Client,
  given: readonly PlainLifecycleRule[],
  before: readonly BucketLifecycleRule[],
  options: CallOptions,
): Promise<void> {
  for (let round = 1; ; round++) {
    const { rules } = await read(client, options)
    const missing = given.find((rule) => !rules.some((kept) => isKept(rule, kept)))
    if (!missing) return
    if (round === READ_BACKS || JSON.stringify(rules) !== JSON.stringify(before)) {
      throw new SluiceError(
        'not-supported',
        `${nameOf(missing)} was put into bucket "${client.bucket}", and the server does not show it as it was given: it leaves out what it cannot do`,
      )
    }
    await client.clock.sleep(READ_BACK_PAUSE_MS, options.signal)
  }
}

function isSame(given: BucketLifecycleRule, rule: BucketLifecycleRule): boolean {
  if (given.id !== undefined || rule.id !== undefined) return given.id === rule.id
  return 'xml' in given && 'xml' in rule && given.xml === rule.xml
}
