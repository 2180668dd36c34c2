/**
 * `sluice/node/buildflow`: `sluice/buildflow` for Node, Deno and Bun. A bucket that is given neither a store nor credentials finds its server and its
 * credentials as the environment has them.
 */
import process from 'node:process'
import * as buildflow from '../compat/buildflow/index.ts'
import type { Environment } from '../s3/credentials/index.ts'
import { fromEnvironment } from './s3-from-environment.ts'

export * from '../compat/buildflow/index.ts'

export type S3BucketOptions = buildflow.S3BucketOptions & {
  /** Default: `process.env`. */
  readonly env?: Environment | undefined
}

/**
 * The bucket of `sluice/buildflow`, which see. What is not given, the server, its region and the credentials, is what the AWS tools would find here: see
 * `s3FromEnvironment`.
 */
export class S3Bucket extends buildflow.S3Bucket {
  constructor(options: S3BucketOptions) {
    const { env = process.env, ...given } = options ?? {}
    super('store' in given ? given : withEnvironment(given, env))
  }
}

function withEnvironment(
  given: { readonly bucketName: string } & buildflow.S3FileOptions & buildflow.S3BucketConnection,
  env: Environment,
): buildflow.S3BucketOptions {
  const { awsRegion, endpoint, pathStyle, provider, clock } = given
  const found = fromEnvironment({ env, region: awsRegion, endpoint, pathStyle, provider, clock })
  return {
    ...given,
    awsRegion: found.region,
    endpoint: found.endpoint,
    pathStyle: found.pathStyle,
    provider: found.provider,
    credentials: given.credentials ?? found.credentials,
  }
}
