import { expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { S3StoreOptions } from '../../src/stores/s3.ts'
import { s3Store } from '../../src/stores/s3.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

type Fetch = NonNullable<S3StoreOptions['fetch']>

function fetchOf(store: Store): Fetch {
  const handler = s3Gateway({ buckets: { bucket: store }, credentials })
  return (url, init) => {
    const request = new Request(url, init)
    const { body } = init
    // What the network would add.
    if (body instanceof Uint8Array) request.headers.set('content-length', `${body.byteLength}`)
    return handler(request)
  }
}

function over(fetch: Fetch): Store {
  return s3Store({ bucket: 'bucket', endpoint: 'https://s3.test', credentials, fetch })
}

test('a lost answer ends in the right one, also where an s3Store stands behind the gateway', async () => {
  const memory = memoryStore()
  const inner = over(fetchOf(memory))
  const outer = fetchOf(inner)
  let lost = 0
  const store = over(async (url, init) => {
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
