import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { S3Client, S3FlagTarget, S3Target } from '../../../src/node/luigi.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { startGateway, type TestServer } from '../../servers.ts'
import { pattern } from './world.ts'

let folder: string
let server: TestServer
let client: S3Client
let path: string
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-luigi-node-'))
  server = await startGateway()
  env = {
    SLUICE_S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
  }
  client = new S3Client({ env })
  path = `s3://${server.bucket}`
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a client of the environment, local files up and down', async () => {
  const bytes = pattern(10_000_000)
  await writeFile(join(folder, 'up'), bytes)
  await client.put(join(folder, 'up'), `${path}/key`)
  await client.putMultipart(join(folder, 'up'), `${path}/parts`, { partSize: 5 * 1024 ** 2 })
  await client.get(`${path}/key`, join(folder, 'down'))
  expect((await readFile(join(folder, 'down'))).equals(bytes)).toBe(true)
  expect(await client.getKey(`${path}/parts`)).toMatchObject({ sizeBytes: 10_000_000 })
  await client.putString('', `${path}/empty`)
  await client.get(`${path}/empty`, join(folder, 'down'))
  expect((await readFile(join(folder, 'down'))).byteLength).toBe(0)
})

test('a local file that is not there, and one that cannot be', async () => {
  const before = await readdir(folder)
  const missing = join(folder, 'missing')
  await expect(client.put(missing, `${path}/none`)).rejects.toMatchObject({ code: 'not-found' })
  expect(await client.exists(`${path}/none`)).toBe(false)
  // The options come first, as with Luigi.
  const refused = client.putMultipart(missing, `${path}/none`, { encryptKey: true } as object)
  await expect(refused).rejects.toMatchObject({ code: 'invalid-options' })
  await expect(client.get(`${path}/none`, join(folder, 'new'))).rejects.toMatchObject({
    code: 'not-found',
  })
  await client.putString('text', `${path}/text`)
  await expect(client.get(`${path}/text`, join(missing, 'new'))).rejects.toMatchObject({
    code: 'not-found',
  })
  expect(await readdir(folder)).toEqual(before)
})

test('targets without a client take the environment’s', async () => {
  const names = Object.keys(env)
  const before = names.map((name) => process.env[name])
  Object.assign(process.env, env)
  try {
    const target = new S3Target(`${path}/report`)
    const file = target.open('w')
    await file.write('text')
    await file.close()
    expect(await target.exists()).toBe(true)
    await client.putString('', `${path}/out/_SUCCESS`)
    expect(await new S3FlagTarget(`${path}/out/`).exists()).toBe(true)
    expect(await new S3FlagTarget(`${path}/out/`, { flag: 'no' }).exists()).toBe(false)
  } finally {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name]
      else process.env[name] = before[i]
    }
  }
})

test('stores, and what is given, win over the environment', async () => {
  const store = memoryStore()
  const given = new S3Client({ buckets: { bucket: store }, env })
  await given.putString('x', 's3://bucket/key')
  expect(await store.head('key')).toBeDefined()
  const wrong = new S3Client({ env, awsAccessKeyId: 'OTHER', awsSecretAccessKey: 'KEY' })
  await expect(wrong.putString('x', `${path}/key`)).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})
