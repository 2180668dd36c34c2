/** For Node, Deno and Bun: a local folder as a store or a log, S3 and its credentials as the environment has them, a server for fetch handlers. */
export type { Environment } from '../s3/credentials/index.ts'
export { defaultChain } from './default-chain.ts'
export { type FetchServer, type FetchServerOptions, fetchServer } from './fetch-server.ts'
export { fileLog, fileLogPositions, type SegmentLogOptions } from './file-log.ts'
export { fsStore } from './fs-store.ts'
export { nodeFetch } from './node-fetch.ts'
export { type ProfileCredentialsOptions, profileCredentials } from './profile-credentials.ts'
export {
  type S3ClientFromEnvironmentOptions,
  type S3FromEnvironmentOptions,
  s3ClientFromEnvironment,
  s3FromEnvironment,
} from './s3-from-environment.ts'
