import { env } from 'cloudflare:test'
import { describe } from 'vitest'
import { S3Bucket } from '../../../src/compat/buildflow/workerd.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { r2Store } from '../../../src/stores/r2.ts'
import type { R2BucketLike } from '../../../src/stores/r2-bucket.ts'
import { keysOf, sinkBehaviours } from './sink-behaviours.ts'

const bucket = (env as unknown as { BUCKET: R2BucketLike }).BUCKET

async function emptied(): Promise<Store> {
  const store = r2Store(bucket)
  await store.delete(await keysOf(store))
  return store
}

describe('S3Bucket over the R2 binding', () => {
  sinkBehaviours(S3Bucket, emptied)
})
