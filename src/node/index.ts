/** For Node, Deno and Bun: a local folder as a store, S3 as the environment describes it, and its credentials. */
export type { Environment } from '../s3/credentials/index.ts'
export { defaultChain } from './default-chain.ts'
export { fsStore } from './fs-store.ts'
export { type ProfileCredentialsOptions, profileCredentials } from './profile-credentials.ts'
export { type S3FromEnvironmentOptions, s3FromEnvironment } from './s3-from-environment.ts'
