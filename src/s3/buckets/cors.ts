import type { CallOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { S3Client } from '../client.ts'
import { contentOf, type XmlPart } from '../xml.ts'
import { deleteConfiguration, getConfiguration, putConfiguration } from './configuration.ts'
import { type BucketCorsRule, checkCorsRules } from './cors-rule.ts'

const CORS = { name: 'Cors', parameter: 'cors', root: 'CORSConfiguration' } as const

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
 * Errors: `invalid-options` for no rule or more than 100 (`deleteBucketCors` takes the last one away), and for what is none, such as
 * one without an origin or a method; `not-supported` (MinIO has one rule for all
 * buckets); what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
 */
export async function putBucketCors(
  client: S3Client,
  rules: readonly BucketCorsRule[],
  options: CallOptions = {},
): Promise<void> {
  checkCorsRules('putBucketCors', 'rules', rules)
  if (rules.length === 0) {
    const message = 'putBucketCors: a rule is needed; deleteBucketCors takes the last one away'
    throw new SluiceError('invalid-options', message)
  }
  await putConfiguration(client, CORS, rules.map(partOf), options)
}

/** Takes all CORS rules away. `not-supported` where the server has none. */
export function deleteBucketCors(client: S3Client, options: CallOptions = {}): Promise<void> {
  return deleteConfiguration(client, CORS, options)
}

function partOf(rule: BucketCorsRule): XmlPart {
  const { allowedOrigins, allowedMethods, allowedHeaders = [], exposeHeaders = [], maxAgeMs } = rule
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
      ['MaxAgeSeconds', maxAgeMs === undefined ? undefined : maxAgeMs / 1000],
    ],
  ]
}
