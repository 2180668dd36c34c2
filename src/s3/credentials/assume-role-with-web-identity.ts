import type { Awaitable } from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import type { S3Credentials } from '../credentials.ts'
import { type RoleOptions, stsCall } from './sts.ts'

export interface AssumeRoleWithWebIdentityOptions extends RoleOptions {
  /** Gives the token of the identity provider (OpenID Connect). Asked each time: it does not live long. */
  readonly token: () => Awaitable<string>
}

/** STS takes no longer one. */
const MAX_TOKEN_LENGTH = 20_000

/**
 * The credentials of a role for somebody whom an identity provider vouches for (STS AssumeRoleWithWebIdentity): no other
 * credentials are needed. Each call of the function is a request; a client keeps what it gives.
 *
 * Errors: those of `assumeRole`; `unauthenticated` when `token` fails or gives no token.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export function assumeRoleWithWebIdentity(
  options: AssumeRoleWithWebIdentityOptions,
): () => Promise<S3Credentials> {
  const call = stsCall('AssumeRoleWithWebIdentity', options)
  return async () => {
    const token = await tokenOf(options)
    return call({ WebIdentityToken: token }, [token])
  }
}

async function tokenOf({ token, roleArn }: AssumeRoleWithWebIdentityOptions): Promise<string> {
  let given: string
  try {
    given = (await token()).trim()
  } catch (error) {
    throw asSluiceError(
      error,
      'invalid-options',
      `The web identity token for ${roleArn} cannot be had`,
    )
  }
  if (given !== '' && given.length <= MAX_TOKEN_LENGTH) return given
  throw new SluiceError(
    'invalid-options',
    `The web identity token for ${roleArn} must be 1 to ${MAX_TOKEN_LENGTH} characters`,
  )
}
