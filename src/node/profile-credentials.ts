import process from 'node:process'
import { systemClock } from '../core/clock.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import {
  assumeRole,
  assumeRoleWithWebIdentity,
  type CredentialsRequestOptions,
  type Environment,
  environmentCredentials,
  type S3Credentials,
} from '../s3/credentials/index.ts'
import { containerOf, instanceOf, SESSION_NAME, stsOptions } from './environment-sources.ts'
import { processCredentials } from './process-credentials.ts'
import { type Profile, type Profiles, readProfiles, readSecret } from './profile-files.ts'

export interface ProfileCredentialsOptions extends CredentialsRequestOptions {
  /** Default: `AWS_PROFILE`, else `default`. */
  readonly profile?: string | undefined
  /** Default: `process.env`, which Node, Deno and Bun have. */
  readonly env?: Environment | undefined
}

/**
 * The credentials of a profile of the AWS tools, from `~/.aws/config` and `~/.aws/credentials`, or the files that
 * `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name: fixed ones; a role (`role_arn`) with `source_profile`, over any
 * number of profiles, `credential_source` or `web_identity_token_file`; or what a `credential_process` prints, which is
 * run without a shell. The files are read whenever it is asked.
 *
 * `sso_…`, `login_session` and `mfa_serial` need somebody who signs in, and are refused.
 *
 * Errors: `unauthenticated` when there is no such profile and nobody has named it, or it has no credentials;
 * `invalid-options` for a profile that was named and is not there, and for settings that make no sense, a loop among them;
 * `not-supported`; those of `assumeRole`, `assumeRoleWithWebIdentity`, and of the command.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export function profileCredentials(
  options: ProfileCredentialsOptions = {},
): () => Promise<S3Credentials> {
  const { env = process.env, profile, ...request } = options
  return async () => {
    const named = profile || env.AWS_PROFILE
    const profiles = await readProfiles(env)
    const name = named || 'default'
    if (!profiles.byName.has(name)) {
      throw new SluiceError(
        named ? 'invalid-options' : 'unauthenticated',
        `there is no profile ${JSON.stringify(name)} in ${profiles.where}`,
      )
    }
    return credentialsOf({ env, request, profiles }, [name])
  }
}

interface Context {
  readonly env: Environment
  readonly request: CredentialsRequestOptions
  readonly profiles: Profiles
}

/** Of the last profile of the trail, whose others want it as their source. */
async function credentialsOf(context: Context, trail: readonly string[]): Promise<S3Credentials> {
  const { env, request, profiles } = context
  const name = trail.at(-1) as string
  const profile = profiles.byName.get(name)
  if (!profile) {
    throw invalid(
      trail.at(-2),
      `has the source_profile ${JSON.stringify(name)}, which is not there`,
    )
  }
  const fixed = fixedOf(name, profile)
  // The profile that was asked for takes on its role; one that is a source gives its own first.
  if (fixed && trail.length > 1) return fixed
  const read = (setting: string): string | undefined => profile.get(setting) || undefined
  const roleArn = read('role_arn')
  if (roleArn && (read('source_profile') || read('credential_source'))) {
    return roleOf(context, trail, profile, roleArn)
  }
  if (fixed) return fixed
  const tokenFile = read('web_identity_token_file')
  if (tokenFile) {
    if (!roleArn) throw invalid(name, 'has a web_identity_token_file and no role_arn')
    return assumeRoleWithWebIdentity({
      ...roleOptions(context, profile, roleArn),
      token: () => readSecret('The web identity token', tokenFile),
    })()
  }
  const command = read('credential_process')
  if (command) {
    const what = `The credential_process of the profile ${JSON.stringify(name)}`
    return processCredentials(what, command, env, request.clock ?? systemClock)
  }
  refuseSignIn(name, profile)
  if (roleArn) {
    throw invalid(
      name,
      'has a role_arn and nobody to take it on: it needs source_profile, credential_source or web_identity_token_file',
    )
  }
  if (trail.length > 1) throw invalid(name, 'is a source_profile and has no credentials')
  throw new SluiceError(
    'unauthenticated',
    `the profile ${JSON.stringify(name)} in ${profiles.where} has no credentials`,
  )
}

function fixedOf(name: string, profile: Profile): S3Credentials | undefined {
  const accessKeyId = profile.get('aws_access_key_id')
  const secretAccessKey = profile.get('aws_secret_access_key')
  if (!accessKeyId && !secretAccessKey) return undefined
  if (!accessKeyId || !secretAccessKey) {
    throw invalid(name, 'has one of aws_access_key_id and aws_secret_access_key: it needs both')
  }
  return { accessKeyId, secretAccessKey, sessionToken: profile.get('aws_session_token') }
}

async function roleOf(
  context: Context,
  trail: readonly string[],
  profile: Profile,
  roleArn: string,
): Promise<S3Credentials> {
  const name = trail.at(-1) as string
  if (profile.get('mfa_serial')) {
    throw new SluiceError(
      'not-supported',
      `The profile ${JSON.stringify(name)} wants the code of an MFA device (mfa_serial), which nobody is asked for: ${EXPORT}`,
    )
  }
  return assumeRole({
    ...roleOptions(context, profile, roleArn),
    externalId: profile.get('external_id') || undefined,
    async source() {
      try {
        return await sourceOf(context, trail, profile)
      } catch (error) {
        // A chain would take it for a profile that is not set up, and somebody else for the one who was meant.
        if (!isSluiceError(error, 'unauthenticated') || error.status !== undefined) throw error
        throw invalid(name, `has a role that nobody can take on: ${error.message}`)
      }
    },
  })()
}

function sourceOf(
  context: Context,
  trail: readonly string[],
  profile: Profile,
): Promise<S3Credentials> {
  const { env, request } = context
  const name = trail.at(-1) as string
  const source = profile.get('source_profile')
  const from = profile.get('credential_source')
  if (source && from) throw invalid(name, 'has both source_profile and credential_source')
  if (source) {
    // A profile that is its own source lends its role its own keys.
    const itself = source === name && fixedOf(name, profile)
    if (!itself && trail.includes(source)) {
      throw invalid(name, `goes round in circles: ${[...trail, source].join(' → ')}`)
    }
    return credentialsOf(context, [...trail, source])
  }
  if (from === 'Environment') return environmentCredentials(env)()
  if (from === 'Ec2InstanceMetadata') return instanceOf(env, request)()
  if (from === 'EcsContainer') return containerOf(env, request)()
  throw invalid(
    name,
    'has a credential_source that is none of Environment, Ec2InstanceMetadata, EcsContainer',
  )
}

function roleOptions(
  { env, request }: Context,
  profile: Profile,
  roleArn: string,
): ReturnType<typeof stsOptions> & {
  roleArn: string
  sessionName: string
  durationMs: number | undefined
} {
  const seconds = profile.get('duration_seconds')
  return {
    ...stsOptions(env, request, profile.get('region')),
    roleArn,
    sessionName: profile.get('role_session_name') || SESSION_NAME,
    durationMs: seconds ? Number(seconds) * 1000 : undefined,
  }
}

const EXPORT =
  'sign in with the AWS command line, and take what `aws configure export-credentials --format env` prints'

function refuseSignIn(name: string, profile: Profile): void {
  for (const setting of ['sso_session', 'sso_start_url', 'login_session']) {
    if (!profile.get(setting)) continue
    throw new SluiceError(
      'not-supported',
      `The profile ${JSON.stringify(name)} is for somebody who signs in (${setting}), which is not done here: ${EXPORT}, ` +
        `or make a profile with credential_process = aws configure export-credentials --profile ${name}`,
    )
  }
}

function invalid(name: string | undefined, what: string): SluiceError {
  return new SluiceError('invalid-options', `The profile ${JSON.stringify(name)} ${what}`)
}
