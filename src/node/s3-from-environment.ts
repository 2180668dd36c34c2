import process from 'node:process'
import type { Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import type { S3Credentials } from '../s3/index.ts'
import { type S3StoreOptions, s3Store } from '../stores/s3.ts'

/** Variables by name, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What is given here wins over the environment. */
export interface S3FromEnvironmentOptions extends Omit<S3StoreOptions, 'credentials'> {
  /** Default: `process.env`, which Node, Deno and Bun have. */
  readonly env?: Environment | undefined
}

/**
 * The bucket that the environment gives access to, by the names that the AWS tools read:
 *
 * | variable | meaning |
 * |---|---|
 * | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` | the credentials; both are needed |
 * | `AWS_SESSION_TOKEN` | of temporary credentials |
 * | `SLUICE_S3_ENDPOINT`, else `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL` | where the server is; default AWS |
 * | `AWS_REGION`, else `AWS_DEFAULT_REGION` | what requests are signed for; default `us-east-1` |
 *
 * An empty variable counts as unset. Nothing else is asked: no profile, no configuration file, no metadata service. Each
 * variable is read by its name, so Deno needs `--allow-env=AWS_*,SLUICE_S3_ENDPOINT` and no more.
 *
 * Errors: `unauthenticated` when a credential is missing; those of `s3Store`.
 */
export function s3FromEnvironment(options: S3FromEnvironmentOptions): Store {
  const { env = process.env, ...given } = options
  const region = given.region ?? read(env, 'AWS_REGION', 'AWS_DEFAULT_REGION')
  const endpoint =
    given.endpoint ?? read(env, 'SLUICE_S3_ENDPOINT', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  return s3Store({ ...given, endpoint, region, credentials: credentialsIn(env) })
}

function credentialsIn(env: Environment): S3Credentials {
  const accessKeyId = read(env, 'AWS_ACCESS_KEY_ID')
  const secretAccessKey = read(env, 'AWS_SECRET_ACCESS_KEY')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = [
      ...(accessKeyId === undefined ? ['AWS_ACCESS_KEY_ID'] : []),
      ...(secretAccessKey === undefined ? ['AWS_SECRET_ACCESS_KEY'] : []),
    ]
    throw new SluiceError(
      'unauthenticated',
      `There are no S3 credentials: set ${missing.join(' and ')} in the environment`,
    )
  }
  return { accessKeyId, secretAccessKey, sessionToken: read(env, 'AWS_SESSION_TOKEN') }
}

/** The first of the variables that says something. */
function read(env: Environment, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]
    if (value) return value
  }
  return undefined
}
