/** Where credentials come from, by `fetch` alone. Each is a function that a client asks, keeps what it gave, and asks again. */
export type {
  S3Credentials,
  S3CredentialsFunction,
  S3CredentialsSource,
} from '../credentials.ts'
export { type AssumeRoleOptions, assumeRole } from './assume-role.ts'
export {
  type AssumeRoleWithWebIdentityOptions,
  assumeRoleWithWebIdentity,
} from './assume-role-with-web-identity.ts'
export { chain } from './chain.ts'
export { type ContainerCredentialsOptions, containerCredentials } from './container-credentials.ts'
export { type Environment, environmentCredentials } from './environment-credentials.ts'
export { type InstanceCredentialsOptions, instanceCredentials } from './instance-credentials.ts'
export type { CredentialsRequestOptions } from './request.ts'
export type { RoleOptions } from './sts.ts'
