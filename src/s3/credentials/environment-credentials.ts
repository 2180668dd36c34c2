import { SluiceError } from '../../core/errors.ts'
import type { S3Credentials } from '../credentials.ts'
import { credentialsOf } from './request.ts'

/** Variables by name, such as `process.env` or the bindings of a Worker. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The credentials that stand in an environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and of temporary ones
 * `AWS_SESSION_TOKEN` and `AWS_CREDENTIAL_EXPIRATION`. Each is read by its name whenever it is asked; an empty one counts
 * as unset.
 *
 * Errors: `unauthenticated` when there are none, `invalid-options` when one of a pair is missing.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
 */
export function environmentCredentials(env: Environment): () => Promise<S3Credentials> {
  return async () => {
    const accessKeyId = env.AWS_ACCESS_KEY_ID
    const secretAccessKey = env.AWS_SECRET_ACCESS_KEY
    if (!accessKeyId && !secretAccessKey) {
      throw new SluiceError(
        'unauthenticated',
        'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set',
      )
    }
    if (!accessKeyId || !secretAccessKey) {
      const [set, unset] = accessKeyId
        ? ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY']
        : ['SECRET_ACCESS_KEY', 'ACCESS_KEY_ID']
      throw new SluiceError(
        'invalid-options',
        `AWS_${set} is set and AWS_${unset} is not: set both`,
      )
    }
    return credentialsOf('The environment', {
      accessKeyId,
      secretAccessKey,
      sessionToken: env.AWS_SESSION_TOKEN,
      expiration: env.AWS_CREDENTIAL_EXPIRATION,
    })
  }
}
