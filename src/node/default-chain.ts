import process from 'node:process'
import { chain, environmentCredentials, type S3Credentials } from '../s3/credentials/index.ts'
import { containerOf, instanceOf, webIdentityOf } from './environment-sources.ts'
import { type ProfileCredentialsOptions, profileCredentials } from './profile-credentials.ts'

/**
 * The credentials that the AWS tools would find here, in the order that AWS documents:
 *
 * | source | set up by |
 * |---|---|
 * | environment | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` |
 * | web identity | `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME` |
 * | profile | see `profileCredentials`; `AWS_PROFILE` |
 * | container | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`, `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` or `…_TOKEN` |
 * | instance | an EC2 instance's role; not with `AWS_EC2_METADATA_DISABLED=true`; `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `…_ENDPOINT_MODE` |
 *
 * Roles are taken on at the STS of `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`, else `us-east-1`, or at
 * `AWS_ENDPOINT_URL_STS`. Variables are read one by one, and files only once the environment has said nothing, so Deno
 * needs no more rights than what is used. Where nothing is set up, it takes some 2 s to find that this is no instance.
 *
 * Errors: those of `chain`; a source that is set up and fails ends it.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function defaultChain(
  options: ProfileCredentialsOptions = {},
): () => Promise<S3Credentials> {
  const { env = process.env, profile, ...request } = options
  return chain(
    environmentCredentials(env),
    webIdentityOf(env, request),
    profileCredentials({ ...request, env, profile }),
    containerOf(env, request),
    instanceOf(env, request),
  )
}
