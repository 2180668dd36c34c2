import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { fsStore } from '../../../src/node/fs-store.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { clientBehaviours } from './client-behaviours.ts'
import { targetBehaviours } from './target-behaviours.ts'

let folder = ''
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-luigi-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Each store, and how many keys one removal is tried with. */
const STORES: readonly [name: string, create: () => Promise<Store>, manyKeys: number][] = [
  ['memory', async () => memoryStore(), 2000],
  ['memory without copies', async () => memoryStore({ capabilities: { copy: false } }), 2000],
  ['a folder', async () => fsStore(join(folder, String(made++))), 200],
  ['S3', async () => s3StoreOver(gatewayFetch(memoryStore())), 1100],
]

describe.each(STORES)('S3Client over %s', (_, create, manyKeys) => {
  clientBehaviours(create, manyKeys)
})

describe.each(STORES)('S3Target over %s', (_, create) => {
  targetBehaviours(create)
})
