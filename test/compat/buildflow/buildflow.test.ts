import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { S3Bucket } from '../../../src/compat/buildflow/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { fsStore } from '../../../src/node/fs-store.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { sinkBehaviours } from './sink-behaviours.ts'

let folder = ''
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-buildflow-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const STORES: readonly [name: string, create: () => Promise<Store>][] = [
  ['memory', async () => memoryStore()],
  ['a folder', async () => fsStore(join(folder, String(made++)))],
  ['S3', async () => s3StoreOver(gatewayFetch(memoryStore()))],
]

describe.each(STORES)('S3Bucket over %s', (_, create) => {
  sinkBehaviours(S3Bucket, create)
})
