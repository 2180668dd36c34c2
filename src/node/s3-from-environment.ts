import process from 'node:process'
import type { Store } from '../contracts/index.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../s3/client.ts'
import type { Environment } from '../s3/credentials/index.ts'
import type { S3CredentialsSource } from '../s3/index.ts'
import { aws, profileOf } from '../s3/providers/index.ts'
import { type S3ClientStoreOptions, s3ClientStore } from '../stores/s3.ts'
import { defaultChain } from './default-chain.ts'

/** What is given here wins over the environment. */
export interface S3ClientFromEnvironmentOptions extends Omit<S3ClientOptions, 'credentials'> {
  /** Default: `process.env`, which Node, Deno and Bun have. */
  readonly env?: Environment | undefined
  /** Default: `defaultChain` of that environment, asked with the first request. */
  readonly credentials?: S3CredentialsSource | undefined
}

export interface S3FromEnvironmentOptions
  extends S3ClientFromEnvironmentOptions,
    S3ClientStoreOptions {}

/**
 * The bucket that the environment gives access to, by the names that the AWS tools read:
 *
 * | variable | meaning |
 * |---|---|
 * | `SLUICE_S3_ENDPOINT`, else `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL` | where the server is; default AWS |
 * | `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT` | with `true`, AWS's endpoint of that kind |
 * | `AWS_REGION`, else `AWS_DEFAULT_REGION` | what requests are signed for; default: what the endpoint's name says, else `us-east-1` |
 *
 * An endpoint that is known by its name gets its provider's profile (`profileOf` in `sluice/s3/providers`), AWS its own.
 *
 * The credentials are those that `defaultChain` finds. An empty variable counts as unset. A profile's region and endpoint are
 * not read. Each variable is read by its name, and no file before it is needed, so with the credentials in the environment
 * Deno needs `--allow-env=AWS_*,SLUICE_S3_ENDPOINT` and no more.
 *
 * Errors: those of `s3Client`; with the first request `unauthenticated` when no source has credentials, with what each said.
 */
export function s3FromEnvironment(options: S3FromEnvironmentOptions): Store {
  return s3ClientStore(s3ClientFromEnvironment(options), options)
}

/** The same bucket as a client, for what a store has no verbs for. Errors: those of `s3Client`, and the same. */
export function s3ClientFromEnvironment(options: S3ClientFromEnvironmentOptions): S3Client {
  return s3Client({ ...fromEnvironment(options), bucket: options.bucket })
}

/** The same for any bucket. */
export function fromEnvironment(
  options: Omit<S3ClientFromEnvironmentOptions, 'bucket'>,
): Omit<S3ClientOptions, 'bucket' | 'credentials'> & { readonly credentials: S3CredentialsSource } {
  const { env = process.env, credentials, ...given } = options
  const region = given.region ?? read(env, 'AWS_REGION', 'AWS_DEFAULT_REGION')
  const endpoint =
    given.endpoint ?? read(env, 'SLUICE_S3_ENDPOINT', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  const fips = isOn(env, 'AWS_USE_FIPS_ENDPOINT')
  const dualStack = isOn(env, 'AWS_USE_DUALSTACK_ENDPOINT')
  const profile = endpoint === undefined ? aws({ region, fips, dualStack }) : profileOf(endpoint)
  return {
    ...given,
    endpoint: profile.endpoint,
    region: region ?? profile.region,
    pathStyle: given.pathStyle ?? profile.pathStyle,
    provider: given.provider ?? profile.provider,
    credentials: credentials ?? defaultChain({ env, clock: given.clock }),
  }
}

/** The first of the variables that says something. */
function read(env: Environment, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]
    if (value) return value
  }
  return undefined
}

function isOn(env: Environment, name: string): boolean {
  return env[name]?.toLowerCase() === 'true'
}
