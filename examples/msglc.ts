/**
 * The demo of msglc's page on S3, in TypeScript: a bucket is made, a value is written to it, and read again. With a server at
 * hand, such as `docker run -d --rm -p 9000:9000 rustfs/rustfs:latest`:
 *
 *     node examples/msglc.ts
 */
import { lazyReader, lazyWriter } from 'sluice/msglc'
import { s3Client } from 'sluice/s3'
import { createBucket } from 'sluice/s3/buckets'
import { s3ClientStore } from 'sluice/stores/s3'

const client = s3Client({
  endpoint: process.env.AWS_ENDPOINT_URL ?? 'http://localhost:9000',
  credentials: {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'rustfsadmin',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'rustfsadmin',
  },
  region: process.env.AWS_REGION ?? 'us-east-1',
  bucket: process.argv[2] ?? 'test-bucket',
})
await createBucket(client)
const store = s3ClientStore(client)

await using writer = lazyWriter(store, 'example')
await writer.write({ hello: 'world' })
await writer.close()

const reader = await lazyReader(store, 'example')
console.log(await reader.toObject())
