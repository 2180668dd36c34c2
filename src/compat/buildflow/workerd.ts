/** What `sluice/buildflow` is in Cloudflare Workers, where WebAssembly may be imported and not compiled. */
import { BucketPrimitive } from './bucket-primitive.ts'
import type { S3BucketOptions } from './s3-bucket-options.ts'

export * from './common.ts'

/** The same, with the encoder of Parquet as a module of the Worker. */
export class S3Bucket extends BucketPrimitive {
  constructor(options: S3BucketOptions) {
    super(options, async () => (await import('../../formats/parquet/workerd.ts')).parquet<object>())
  }
}
