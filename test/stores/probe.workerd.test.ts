import { env } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { probe } from '../../src/stores/probe.ts'
import { r2Store } from '../../src/stores/r2.ts'
import type { R2BucketLike } from '../../src/stores/r2-bucket.ts'

const bucket = (env as unknown as { BUCKET: R2BucketLike }).BUCKET

test.each([
  ['the local R2 of workerd', () => r2Store(bucket)],
  ['memory', () => memoryStore()],
])('%s does what it says', async (_, create) => {
  const store = create()
  const probed = await probe(store)
  expect(probed.capabilities).toEqual(store.capabilities)
  for await (const entry of store.list({ prefix: '.sluice-probe-' })) expect(entry).toBeUndefined()
})
