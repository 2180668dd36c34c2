import { systemClock } from '../../core/clock.ts'
import { credentialsKeeper, type S3Credentials, type S3CredentialsSource } from '../credentials.ts'
import { type RoleOptions, stsCall } from './sts.ts'

export interface AssumeRoleOptions extends RoleOptions {
  /** Whose credentials sign the call. Kept and renewed as a client does it. */
  readonly source: S3CredentialsSource
  /** What the owner of the role demands to be told. */
  readonly externalId?: string | undefined
}

/**
 * The credentials of a role (STS AssumeRole), signed with those of `source`. Each call of the function is a request; a
 * client keeps what it gives until 5 minutes before its end, so a job may outlive any session.
 *
 * Errors: `invalid-options` for options that make no sense, at once; then `permission-denied`, `unauthenticated`,
 * `invalid-options` as STS says, with its words; `protocol` for an answer without credentials.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function assumeRole(options: AssumeRoleOptions): () => Promise<S3Credentials> {
  const { source, externalId, clock = systemClock } = options
  const call = stsCall('AssumeRole', options)
  const keeper = credentialsKeeper(source, clock)
  return () => keeper.use(() => call({ ExternalId: externalId }, [externalId ?? ''], keeper.get))
}
