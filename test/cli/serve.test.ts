import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { describe, expect, onTestFinished, test } from 'vitest'
import { utf8 } from '../../src/core/bytes.ts'
import { deleteObject, getObject, listObjects, putObject, s3Client } from '../../src/s3/index.ts'
import { environmentOf } from '../docs/environment.ts'
import { startGateway } from '../servers.ts'
import { ended, noise, runHere, sluice, start, temporaryFolder } from './tools.ts'

interface Serving {
  readonly child: ChildProcessWithoutNullStreams
  readonly greeting: string
  readonly env: Record<string, string>
}

/** Starts it on a free port, and reads from its greeting what a user would. */
async function serving(folder: string, env: Record<string, string> = {}): Promise<Serving> {
  const child = start(['serve', folder, '--port', '0'], { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let greeting = ''
  while (!greeting.includes('sluice ls s3://')) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    greeting += chunk
  }
  const pairs = /^ {2}export (.*)$/m.exec(greeting)?.[1]?.split(' ') ?? []
  const exported = Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]))
  return { child, greeting, env: { ...env, ...exported } }
}

async function bucketFolder(): Promise<string> {
  const folder = join(await temporaryFolder(), 'my-files')
  await mkdir(folder)
  await writeFile(join(folder, 'hello.txt'), 'hello')
  return folder
}

function credentialsOf(env: Record<string, string>): {
  accessKeyId: string
  secretAccessKey: string
} {
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
  }
}

describe('a folder as a bucket', () => {
  test('for our own client', async () => {
    const folder = await bucketFolder()
    const { env, greeting } = await serving(folder)
    expect(greeting).toContain('the bucket "my-files" at http://127.0.0.1:')
    const client = s3Client({
      bucket: 'my-files',
      endpoint: env.AWS_ENDPOINT_URL,
      credentials: credentialsOf(env),
    })
    await putObject(client, 'folder/ü 1', utf8('one'), { contentType: 'text/x' })
    expect(await readFile(join(folder, 'folder/ü 1'), 'utf8')).toBe('one')
    const keys: string[] = []
    for await (const entry of listObjects(client)) if (entry.kind === 'object') keys.push(entry.key)
    expect(keys).toEqual(['folder/ü 1', 'hello.txt'])
    const found = await getObject(client, 'hello.txt')
    expect(await new Response(found?.body).text()).toBe('hello')
    await deleteObject(client, 'folder/ü 1')
    expect(await readdir(folder)).not.toContain('folder')
  })

  test('for the AWS SDK', async () => {
    const folder = await bucketFolder()
    const { env } = await serving(folder)
    const client = new S3Client({
      endpoint: env.AWS_ENDPOINT_URL ?? '',
      region: env.AWS_REGION ?? '',
      credentials: credentialsOf(env),
      forcePathStyle: true,
    })
    onTestFinished(() => client.destroy())
    const Bucket = 'my-files'
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'from the SDK' }))
    const bytes = noise(11 * 1024 * 1024)
    await new Upload({ client, params: { Bucket, Key: 'large', Body: bytes } }).done()
    expect((await readFile(join(folder, 'large'))).equals(bytes)).toBe(true)
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents?.map(({ Key }) => Key)).toEqual(['a', 'hello.txt', 'large'])
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a' }))
    expect(await Body?.transformToString()).toBe('from the SDK')
  })

  test('for this command', async () => {
    const { env } = await serving(await bucketFolder())
    expect((await sluice(['cat', 's3://my-files/hello.txt'], { env })).stdout).toBe('hello')
    expect(await sluice(['doctor', 's3://my-files'], { env })).toMatchObject({ status: 0 })
    const stranger = { ...env, AWS_SECRET_ACCESS_KEY: 'another' }
    expect(await sluice(['ls', 's3://my-files'], { env: stranger })).toMatchObject({ status: 1 })
  })

  test('for the code of README and docs, which reads what is printed and no more', async () => {
    const { env } = await serving(await bucketFolder())
    const server = await startGateway()
    onTestFinished(() => server.stop())
    expect(Object.keys(env).sort()).toEqual(Object.keys(environmentOf(server)).sort())
    expect(env.BUCKET).toBe('my-files')
  })

  test('with the credentials of the environment, which are not printed', async () => {
    const given = { AWS_ACCESS_KEY_ID: 'given-id', AWS_SECRET_ACCESS_KEY: 'given-secret' }
    const { env, greeting } = await serving(await bucketFolder(), given)
    expect(greeting).not.toContain('given')
    expect(env).toMatchObject(given)
    expect((await sluice(['cat', 's3://my-files/hello.txt'], { env })).stdout).toBe('hello')
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it', async (signal) => {
  const folder = await bucketFolder()
  const { child, env } = await serving(folder)
  const url = env.AWS_ENDPOINT_URL ?? ''
  // Idle, as a browser would keep it, and one that says nothing at all.
  await (await fetch(`${url}/my-files/hello.txt`)).text()
  const ending = ended(child)
  child.kill(signal)
  expect(await ending).toMatchObject({ status: 0, stderr: '' })
  await expect(fetch(url)).rejects.toThrow()
})

describe('what makes no sense', () => {
  test('a folder that is not there', async () => {
    const done = await runHere(['serve', 'no-such-folder'])
    expect(done).toMatchObject({
      status: 1,
      stderr: 'sluice: not-found: There is no no-such-folder\n',
    })
  })

  test('a file', async () => {
    const done = await runHere(['serve', 'package.json'])
    expect(done.stderr).toBe('sluice: invalid-options: package.json is no folder\n')
  })

  test('a folder whose name is no bucket’s', async () => {
    const folder = join(await temporaryFolder(), 'My Files')
    await mkdir(folder)
    const done = await runHere(['serve', folder])
    expect(done.status).toBe(1)
    expect(done.stderr).toMatch(
      /^sluice: invalid-options: "My Files" is no bucket name.*--bucket\n$/,
    )
  })

  test('half of a pair of credentials', async () => {
    const done = await runHere(['serve', await bucketFolder()], { AWS_ACCESS_KEY_ID: 'id' })
    expect(done.stderr).toMatch(/^sluice: unauthenticated: .*both.*\n$/)
  })

  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const done = await runHere(['serve', await bucketFolder(), '--port', String(port)])
    expect(done.status).toBe(1)
    expect(done.stderr).toMatch(/^sluice: unavailable: The port \d+ is taken.*\n$/)
  })

  test.each([[['serve']], [['serve', '.', '--port', '65536']], [['serve', '.', '--port', 'x']]])(
    '%j',
    async (args) => expect((await runHere(args)).status).toBe(2),
  )
})
