import { env } from 'cloudflare:test'
import { test } from 'vitest'
import { r2Store } from '../../src/stores/r2.ts'
import type { R2BucketLike } from '../../src/stores/r2-bucket.ts'
import { resumedOnStore } from './resumed-on-store.ts'

test('an upload through the R2 binding, which lists no parts, is gone on with', async () => {
  await resumedOnStore(r2Store((env as unknown as { BUCKET: R2BucketLike }).BUCKET))
})
