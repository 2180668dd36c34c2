import type { S3EndpointOptions } from '../endpoint.ts'
import type { S3Provider } from '../provider.ts'

/** Where a provider is and what it does otherwise: to be spread into the options of `s3Client`, `s3Store` and the like. */
export interface S3Profile extends Pick<S3EndpointOptions, 'endpoint' | 'region' | 'pathStyle'> {
  readonly provider: S3Provider
}

/** For a server that may be anywhere. */
export interface OwnServerOptions {
  /** Such as `http://127.0.0.1:9000`. */
  readonly endpoint: string
  /** What requests are signed for. Default: what the server itself has by default. */
  readonly region?: string | undefined
}
