import { env } from 'cloudflare:test'
import { describe, test } from 'vitest'
import { r2Store } from '../../../src/stores/r2.ts'
import type { R2BucketLike } from '../../../src/stores/r2-bucket.ts'
import { msglcCases } from '../../conformance/msglc-cases.ts'

const bucket = (env as unknown as { BUCKET: R2BucketLike }).BUCKET

describe('msglc over the local R2 of workerd', () => {
  const cases = msglcCases('r2', async () => {
    const store = r2Store(bucket)
    const keys: string[] = []
    for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
    await store.delete(keys)
    return { store }
  })
  for (const { name, run } of cases) test(name, async () => void (await run()))
})
