import { env } from 'cloudflare:test'
import { describe } from 'vitest'
import { r2Store } from '../../../src/stores/r2.ts'
import type { R2BucketLike } from '../../../src/stores/r2-bucket.ts'
import { storeSinkCases } from './on-stores.ts'

describe('StoreSink through the R2 binding', () => {
  storeSinkCases(async () => {
    const store = r2Store((env as unknown as { BUCKET: R2BucketLike }).BUCKET)
    const keys: string[] = []
    for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
    await store.delete(keys)
    return store
  })
})
