import { SluiceError } from '../core/errors.ts'
import {
  assumeRoleWithWebIdentity,
  type CredentialsRequestOptions,
  containerCredentials,
  type Environment,
  instanceCredentials,
} from '../s3/credentials/index.ts'
import type { S3Credentials } from '../s3/credentials.ts'
import { readSecret } from './profile-files.ts'

/**
 * The sources that need a few variables each. Every one is read by its name, and only when it matters: Deno asks for the
 * right to read each.
 */
type EnvironmentSource = (
  env: Environment,
  options: CredentialsRequestOptions,
) => () => Promise<S3Credentials>

/** What roles are taken on with, but for the role itself. */
export function stsOptions(
  env: Environment,
  options: CredentialsRequestOptions,
  region?: string,
): CredentialsRequestOptions & { region: string | undefined; endpoint: string | undefined } {
  return {
    ...options,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || region,
    endpoint: env.AWS_ENDPOINT_URL_STS || undefined,
  }
}

/** The session's name where nobody has given one. */
export const SESSION_NAME = 'sluice'

/** The service account of a Kubernetes pod, mostly. */
export const webIdentityOf: EnvironmentSource = (env, options) => async () => {
  const path = env.AWS_WEB_IDENTITY_TOKEN_FILE
  if (!path) throw none('AWS_WEB_IDENTITY_TOKEN_FILE is not set')
  const roleArn = env.AWS_ROLE_ARN
  if (!roleArn) {
    throw new SluiceError(
      'invalid-options',
      'AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set both',
    )
  }
  return assumeRoleWithWebIdentity({
    ...stsOptions(env, options),
    roleArn,
    sessionName: env.AWS_ROLE_SESSION_NAME || SESSION_NAME,
    token: () => readSecret('The web identity token', path),
  })()
}

export const containerOf: EnvironmentSource = (env, options) => async () => {
  const uri = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  if (!uri) {
    throw none(
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set',
    )
  }
  const path = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = env.AWS_CONTAINER_AUTHORIZATION_TOKEN
  const authorization = path
    ? () => readSecret('The authorization token of the container', path)
    : token
      ? () => token
      : undefined
  return containerCredentials({ ...options, uri, authorization })()
}

export const instanceOf: EnvironmentSource = (env, options) => {
  let ask: (() => Promise<S3Credentials>) | undefined
  return async () => {
    if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') {
      throw none('AWS_EC2_METADATA_DISABLED is set')
    }
    const version6 = env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6'
    const endpoint =
      env.AWS_EC2_METADATA_SERVICE_ENDPOINT || (version6 ? 'http://[fd00:ec2::254]' : undefined)
    ask ??= instanceCredentials({ ...options, endpoint })
    return ask()
  }
}

function none(message: string): SluiceError {
  return new SluiceError('unauthenticated', message)
}
