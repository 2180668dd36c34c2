import { SluiceError } from '../../core/errors.ts'
import type { BucketCorsRule } from '../../s3/buckets/index.ts'
import { DEFAULT_ABORT_DAYS, RULE_ID } from './bucket-steps.ts'
import type { S3BucketSettings } from './s3-bucket-options.ts'

/** What R2 takes as a name, which also needs no quotes in a shell. */
const R2_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/

/**
 * What makes and sets up a bucket of R2, for whoever has the account: its binding in a Worker can do neither. `npx wrangler` is to be run in the Worker's folder.
 * @see https://developers.cloudflare.com/workers/wrangler/commands/r2/
 */
export function wranglerCommands(bucketName: string, settings: S3BucketSettings): string[] {
  if (!R2_NAME.test(bucketName)) {
    const message = `"${bucketName}" can be no bucket of R2: 3 to 63 lower case letters, digits and inner hyphens`
    throw new SluiceError('invalid-options', message)
  }
  const { cors, abortUploadsAfterDays: days = DEFAULT_ABORT_DAYS } = settings
  const wrangler = 'npx wrangler r2 bucket'
  return [
    `${wrangler} create ${bucketName} --binding BUCKET --update-config`,
    ...(cors?.length === 0 ? [`${wrangler} cors delete ${bucketName}`] : []),
    ...(cors && cors.length > 0
      ? [
          `printf '%s' '${corsDocument(cors)}' > cors.json`,
          `${wrangler} cors set ${bucketName} --file cors.json`,
        ]
      : []),
    ...(days > 0
      ? [`${wrangler} lifecycle add ${bucketName} ${RULE_ID} --abort-multipart-days ${days}`]
      : []),
  ]
}

/** Rules as Cloudflare's own API has them. @see https://developers.cloudflare.com/api/operations/r2-put-bucket-cors-policy */
function corsDocument(cors: readonly BucketCorsRule[]): string {
  const rules = cors.map(
    ({ id, allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders, maxAgeMs }) => ({
      id,
      allowed: { origins: allowedOrigins, methods: allowedMethods, headers: allowedHeaders },
      exposeHeaders,
      maxAgeSeconds: maxAgeMs === undefined ? undefined : maxAgeMs / 1000,
    }),
  )
  // It stands in single quotes.
  return JSON.stringify({ rules }).replaceAll("'", '\\u0027')
}
