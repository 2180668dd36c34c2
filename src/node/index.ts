/** For Node, Deno and Bun: a local folder as a store, and S3 as the environment describes it. */
export { fsStore } from './fs-store.ts'
export {
  type Environment,
  type S3FromEnvironmentOptions,
  s3FromEnvironment,
} from './s3-from-environment.ts'
