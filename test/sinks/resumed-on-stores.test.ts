import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { fsStore } from '../../src/stores/fs.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../stores/over-gateway.ts'
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
  await resumedOnStore(s3StoreOver(gatewayFetch(memoryStore())))
})
