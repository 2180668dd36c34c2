import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3Destination as portable } from '../../../src/compat/quix-streams/index.ts'
import { fileSink, localDestination, s3Destination } from '../../../src/node/quix-streams.ts'
import { realServers, startGateway, startServer, type TestServer } from '../../servers.ts'
import { addAll, fileSinkCases, message } from './on-stores.ts'

let server: TestServer
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway()
  env = {
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_DEFAULT_REGION: server.region,
  }
})
afterAll(() => server.stop())

describe('setup', () => {
  test('finds the bucket of the environment, or of what is given', async () => {
    const { bucket, endpoint, accessKeyId, secretAccessKey, region } = server
    const given = {
      ...{ awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey, bucket },
      ...{ regionName: region, endpointUrl: endpoint },
    }
    for (const destination of [s3Destination({ bucket, env }), portable(given)]) {
      let connected = 0
      const onClientConnectSuccess = () => void connected++
      const sink = fileSink({ destination, directory: 'data', onClientConnectSuccess })
      await sink.setup()
      await sink.setup()
      expect(connected).toBe(1)
      addAll(sink, 0, 1)
      await sink.flush()
      expect(
        await destination.store.head('data/sink-topic/0/0000000000000000000.jsonl'),
      ).toBeDefined()
    }
  })

  test('refuses a bucket that is not there, each time, and makes none', async () => {
    const destination = s3Destination({ bucket: 'nowhere', env })
    const sink = fileSink({ destination })
    for (let i = 0; i < 2; i++) {
      await expect(sink.setup()).rejects.toMatchObject({
        code: 'not-found',
        serverCode: 'NoSuchBucket',
      })
    }
    const failures: unknown[] = []
    const told = fileSink({
      destination,
      onClientConnectFailure: (error) => void failures.push(error),
      onClientConnectSuccess: () => expect.unreachable(),
    })
    await told.setup()
    expect(failures).toMatchObject([{ code: 'not-found' }])
  })

  test('refuses credentials that may not', async () => {
    const { bucket } = server
    const wrong = { ...env, AWS_SECRET_ACCESS_KEY: 'another one altogether' }
    const sink = fileSink({ destination: s3Destination({ bucket, env: wrong }) })
    await expect(sink.setup()).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test('what the success callback throws is no failure of the connection', async () => {
    const sink = fileSink({
      destination: s3Destination({ bucket: server.bucket, env }),
      onClientConnectSuccess: () => Promise.reject(new Error('mine')),
      onClientConnectFailure: () => expect.unreachable(),
    })
    await expect(sink.setup()).rejects.toThrow('mine')
  })
})

test('options that cannot be are refused at once', () => {
  const code = (of: string) => expect.objectContaining({ code: of })
  expect(() => portable({ bucket: 'b' })).toThrow(code('unauthenticated'))
  const half = { bucket: 'b', awsAccessKeyId: 'AKID', env }
  expect(() => s3Destination(half)).toThrow(code('invalid-options'))
})

test('local files lie in the working directory, or where one says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-quix-local-'))
  const before = process.cwd()
  try {
    process.chdir(folder)
    const sink = fileSink({ directory: 'data', layout: 'quix' })
    sink.add(message(123))
    await sink.flush()
  } finally {
    process.chdir(before)
  }
  const file = join(folder, 'data/sink_topic/0/0000000000000000123.jsonl')
  expect(await readFile(file, 'utf8')).toBe('{"_timestamp":1123,"_key":"k","_value":{"n":123}}\n')
  const append = fileSink({
    destination: localDestination(folder),
    directory: 'data',
    layout: 'quix',
    append: true,
  })
  append.add(message(124))
  await append.flush()
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3)
  await rm(folder, { recursive: true })
})

const servers = realServers()

describe.each(servers)('on $kind', ({ kind, missing }) => {
  let real: TestServer | undefined
  beforeAll(async () => {
    if (missing === undefined) real = await startServer(kind)
  }, 90_000)
  afterAll(() => real?.stop())

  describe.skipIf(missing !== undefined)(`what a sink does (${missing ?? 'found'})`, () => {
    fileSinkCases(async () => {
      const { endpoint, accessKeyId, secretAccessKey, region, newBucket } = real as TestServer
      const { bucket } = await newBucket()
      return portable({
        ...{ awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey, bucket },
        ...{ regionName: region, endpointUrl: endpoint },
      }).store
    })
  })
})
