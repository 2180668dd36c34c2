import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { fsStore } from '../../src/stores/fs.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { resumedOnStore } from './resumed-on-store.ts'

test('an upload to a folder is gone on with', async () => {
  const root = await fs.mkdtemp(join(tmpdir(), 'sluice-resumed-'))
  try {
    await resumedOnStore(fsStore(root, { fs }))
  } finally {
    await fs.rm(root, { recursive: true, force: true })
  }
})

test('an upload through the S3 gateway is gone on with', async () => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
  const handler = s3Gateway({ buckets: { bucket: memoryStore() }, credentials })
  const store = s3Store({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials,
    async fetch(url, init) {
      const request = new Request(url, init)
      // What the network would add.
      const { body } = init
      if (body instanceof Uint8Array) request.headers.set('content-length', `${body.byteLength}`)
      return handler(request)
    },
  })
  await resumedOnStore(store)
})
