import { env } from 'cloudflare:test'
import { describe } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { r2Store } from '../../../src/stores/r2.ts'
import type { R2BucketLike } from '../../../src/stores/r2-bucket.ts'
import { fileSinkCases } from './on-stores.ts'

const bucket = (env as unknown as { BUCKET: R2BucketLike }).BUCKET

async function emptied(): Promise<Store> {
  const store = r2Store(bucket)
  const keys: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
  await store.delete(keys)
  return store
}

describe('over the R2 binding', () => fileSinkCases(emptied))
