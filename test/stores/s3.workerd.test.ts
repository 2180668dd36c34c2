import { describe } from 'vitest'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { type StoreUnderTest, storeSuite } from '../../src/testing/store-suite.ts'
import { registerSuite } from './register.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

async function create(): Promise<StoreUnderTest> {
  const handler = s3Gateway({ buckets: { bucket: memoryStore() }, credentials })
  const store = s3Store({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials,
    async fetch(url, init) {
      const request = new Request(url, init)
      // What the network would add.
      const { body } = init
      const length = body instanceof Blob ? body.size : ((body as Uint8Array)?.byteLength ?? 0)
      if (body) request.headers.set('content-length', String(length))
      return handler(request)
    },
  })
  return { store }
}

describe('s3Store and the gateway, both in workerd', () => {
  registerSuite(storeSuite({ create }))
})
