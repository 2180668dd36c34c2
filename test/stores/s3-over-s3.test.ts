import { expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from './over-gateway.ts'

test('a lost answer ends in the right one, also where an s3Store stands behind the gateway', async () => {
  const memory = memoryStore()
  const inner = s3StoreOver(gatewayFetch(memory))
  const outer = gatewayFetch(inner)
  let lost = 0
  const store = s3StoreOver(async (url, init) => {
    const response = await outer(url, init)
    if (init.method !== 'PUT' || lost++ > 0) return response
    throw new TypeError('the connection was cut')
  })
  const metadata = { a: '1', 'sluice-write': 'mine' }
  const { etag } = await store.put('key', new Uint8Array(3), { ifNoneMatch: '*', metadata })
  expect(lost).toBe(2)
  expect(await store.head('key')).toMatchObject({ etag, metadata })
  const rival = store.put('key', new Uint8Array(3), { ifNoneMatch: '*' })
  await expect(rival).rejects.toMatchObject({ code: 'precondition-failed' })
})
