import type { CallOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { S3Client } from '../client.ts'
import { contentOf, type XmlPart } from '../xml.ts'
import { deleteConfiguration, getConfiguration, putConfiguration } from './configuration.ts'

/** Which pages may ask, what, and what they may see of the answer. */
export interface BucketCorsRule {
  readonly id?: string | undefined
  /** Such as `https://app.example`; one `*` in each stands for anything. */
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly ('GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE')[]
  /** Headers that a page may send; one `*` in each stands for anything. Default: those that need no permission. */
  readonly allowedHeaders?: readonly string[] | undefined
  /** Headers that a page may see. Uploads in parts need `ETag`. Default: those that need no permission. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may remember the permission, in whole seconds. Default: as the browser likes. */
  readonly maxAgeMs?: number | undefined
}

const CORS = { name: 'Cors', parameter: 'cors', root: 'CORSConfiguration' } as const
const MAX_RULES = 100

/**
 * The bucket's CORS rules, in the order in which they are tried; none where it has none.
 *
 * Errors: `not-found` for an absent bucket, `not-supported`, and what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html
 */
export async function getBucketCors(
  client: S3Client,
  options: CallOptions = {},
): Promise<readonly BucketCorsRule[]> {
  const found = await getConfiguration(client, CORS, options)
  const rules = found?.root.children('CORSRule') ?? []
  return rules.map((rule) => {
    const texts = (name: string): string[] =>
      rule.children(name).map((element) => String(contentOf(element)))
    const seconds = rule.text('MaxAgeSeconds')
    return {
      id: rule.text('ID'),
      allowedOrigins: texts('AllowedOrigin'),
      allowedMethods: texts('AllowedMethod') as BucketCorsRule['allowedMethods'],
      allowedHeaders: texts('AllowedHeader'),
      exposeHeaders: texts('ExposeHeader'),
      maxAgeMs: seconds === undefined ? undefined : Number(seconds) * 1000,
    }
  })
}

/**
 * Replaces all CORS rules of the bucket. It may take a minute until every server of a provider knows them.
 *
 * Errors: `invalid-options` for no rule or more than 100 (`deleteBucketCors` takes the last one away), a rule without an
 * origin or a method, and a `maxAgeMs` that is no whole number of seconds; `not-supported` (MinIO has one rule for all
 * buckets); what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
 */
export async function putBucketCors(
  client: S3Client,
  rules: readonly BucketCorsRule[],
  options: CallOptions = {},
): Promise<void> {
  if (rules.length === 0 || rules.length > MAX_RULES) {
    throw invalid(`1 to ${MAX_RULES} CORS rules are needed, not ${rules.length}`)
  }
  await putConfiguration(client, CORS, rules.map(partOf), options)
}

/** Takes all CORS rules away. `not-supported` where the server has none. */
export function deleteBucketCors(client: S3Client, options: CallOptions = {}): Promise<void> {
  return deleteConfiguration(client, CORS, options)
}

function partOf(rule: BucketCorsRule, index: number): XmlPart {
  const { allowedOrigins, allowedMethods, allowedHeaders = [], exposeHeaders = [], maxAgeMs } = rule
  if (allowedOrigins.length === 0 || allowedMethods.length === 0) {
    throw invalid(`The CORS rule ${index} needs an origin and a method`)
  }
  const seconds = maxAgeMs === undefined ? undefined : maxAgeMs / 1000
  if (seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds >= 0)) {
    throw invalid(`maxAgeMs (${maxAgeMs}) must be a whole number of seconds`)
  }
  const each = (name: string, values: readonly string[]): XmlPart[] =>
    values.map((value) => [name, value])
  return [
    'CORSRule',
    [
      ['ID', rule.id],
      ...each('AllowedOrigin', allowedOrigins),
      ...each('AllowedMethod', allowedMethods),
      ...each('AllowedHeader', allowedHeaders),
      ...each('ExposeHeader', exposeHeaders),
      ['MaxAgeSeconds', seconds],
    ],
  ]
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid-options', message)
}
