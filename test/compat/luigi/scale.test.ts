/** More keys than ten pages of a listing hold. */
import { expect, test } from 'vitest'
import { S3Client } from '../../../src/compat/luigi/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { all, BUCKET } from './world.ts'

const COUNT = 10_001

test.each<[string, (inner: Store) => Store]>([
  ['memory', (inner) => inner],
  ['S3', (inner) => s3StoreOver(gatewayFetch(inner))],
])(`${COUNT} keys are listed and removed over %s`, async (_, over) => {
  const inner = memoryStore()
  const names = Array.from({ length: COUNT }, (_, n) => `${String(n).padStart(6, '0')}-ü`)
  const empty = new Uint8Array(0)
  for (const name of names) await inner.put(`from/${name}`, empty)
  await inner.put('from0', empty)
  const client = new S3Client({ buckets: { mybucket: over(inner) } })
  expect(await all(client.list(`${BUCKET}/from`))).toEqual(names)
  // Leaving the loop ends the listing.
  for await (const name of client.list(`${BUCKET}/from`)) {
    expect(name).toBe(names[0])
    break
  }
  expect(await client.remove(`${BUCKET}/from`)).toBe(true)
  expect(await all(client.list(BUCKET))).toEqual(['from0'])
})
