import { afterAll, beforeAll, expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { createUpload } from '../../src/s3/multipart.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { environmentOf, runHere } from './tools.ts'

const HOUR_MS = 3_600_000
const clock = virtualClock(Date.now() - 30 * HOUR_MS)
const store = memoryStore({ clock })
let server: TestServer
let address: string
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway(store)
  env = environmentOf(server)
  address = `s3://${server.bucket}/in/`
})

afterAll(() => server.stop())

async function open(): Promise<string[]> {
  const keys = []
  for await (const { key } of store.listMultipart?.('') ?? []) keys.push(key)
  return keys
}

test('says what it would do, does it, and says what it did', async () => {
  const client = s3Client({ ...server, credentials: server })
  const { uploadId } = await createUpload(client, 'in/\u202eold')
  await createUpload(client, 'other')
  await clock.advance(29 * HOUR_MS)
  await createUpload(client, 'in/young')
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ'
  const young = `kept, young {4}${time}  in/young  \\S+\n`
  const old = `${time}  in/\\\\u202eold  ${uploadId}\n`

  const careful = await runHere(['janitor', address], env)
  expect(careful).toMatchObject({ status: 0, stderr: '' })
  expect(careful.stdout).toMatch(/^(kept, young .*\n){2}$/)

  const dry = await runHere(['janitor', address, '--older-than', '1d', '--dry-run'], env)
  expect(dry).toMatchObject({ status: 0, stderr: '' })
  expect(dry.stdout).toMatch(new RegExp(`^${young}stale {10}${old}$`))
  expect(await open()).toHaveLength(3)

  const done = await runHere(['janitor', address, '--older-than', '24h'], env)
  expect(done).toMatchObject({ status: 0, stderr: '' })
  expect(done.stdout).toMatch(new RegExp(`^${young}aborted {8}${old}$`))
  expect((await open()).sort()).toEqual(['in/young', 'other'])
})

test.each([
  [['janitor']],
  [['janitor', 's3://bucket']],
  [['janitor', './folder']],
  [['janitor', 's3://bucket/in/', '--older-than', '7']],
  [['janitor', 's3://bucket/in/', '--older-than', '30m']],
  [['janitor', 's3://bucket/in/', '--older-than', '0d']],
])('%j makes no sense', async (args) => {
  expect(await runHere(args, env)).toMatchObject({ status: 2, stdout: '' })
})

test('what could not be aborted is a failure', async () => {
  const away = { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' }
  const { status, stderr } = await runHere(['janitor', address], away)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^sluice: unauthenticated: /)
})
