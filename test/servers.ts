import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import type { Store } from '../src/contracts/index.ts'
import { s3Gateway } from '../src/http/s3-gateway.ts'
import { fetchServer } from '../src/node/fetch-server.ts'
import { AWS_PROVIDER, type S3Provider } from '../src/s3/provider.ts'
import { MINIO_PROVIDER } from '../src/s3/providers/minio.ts'
import { RUSTFS_PROVIDER } from '../src/s3/providers/rustfs.ts'
import { VERSITYGW_PROVIDER } from '../src/s3/providers/versitygw.ts'
import { memoryStore } from '../src/stores/memory.ts'
import { type S3StoreOptions, s3Store } from '../src/stores/s3.ts'
import type { ServerFeature } from './conformance/client-suite/tools.ts'

/**
 * S3 servers to test against. `gateway` is ours and always there; the others are real ones, taken from the PATH;
 * `environment` is whatever SLUICE_S3_ENDPOINT names, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. There,
 * buckets are created and removed, or one empty bucket, SLUICE_S3_BUCKET, is used and emptied. SLUICE_S3_KIND says
 * which of the servers known here it is, if it is one.
 */
export type ServerKind = 'gateway' | RealServerKind
export type RealServerKind = 'rustfs' | 'minio' | 'versitygw' | 'environment'

export interface TestServer {
  readonly kind: ServerKind
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  /** An empty bucket of one's own. */
  newBucket(): Promise<NewBucket>
  /** How many of them there can be at a time, where that is bounded. */
  readonly bucketsAtOnce?: number
  stop(): Promise<void>
}

export interface NewBucket {
  readonly bucket: string
  remove(): Promise<void>
}

/** What a server does otherwise than S3, as far as the suites meet it. */
export interface ServerProfile {
  readonly capabilities?: S3StoreOptions['capabilities']
  /** Those that it compares with the bytes. */
  readonly checksums?: S3Provider['checksums']
  /** What it does not have, and says so. */
  readonly lacks?: readonly ServerFeature[]
  /** Cases of the store suite that it fails, and why. */
  readonly exceptions?: Readonly<Record<string, string>>
  /** The same of the client suite. */
  readonly clientExceptions?: Readonly<Record<string, string>>
}

interface ServerProgram {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  args(address: string, consoleAddress: string, folder: string): string[]
}

const ACCESS_KEY_ID = 'sluice-test-key'
const SECRET_ACCESS_KEY = 'sluice-test-secret'
const REGION = 'us-east-1'
const BUCKET = 'sluice-test'

const LOCAL = {
  bucket: BUCKET,
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
  region: REGION,
}

const PROGRAMS: Readonly<Record<Exclude<RealServerKind, 'environment'>, ServerProgram>> = {
  rustfs: {
    command: 'rustfs',
    env: {
      RUSTFS_ACCESS_KEY: ACCESS_KEY_ID,
      RUSTFS_SECRET_KEY: SECRET_ACCESS_KEY,
      RUSTFS_CONSOLE_ENABLE: 'false',
    },
    args: (address, _, folder) => ['server', '--address', address, folder],
  },
  minio: {
    command: 'minio',
    env: { MINIO_ROOT_USER: ACCESS_KEY_ID, MINIO_ROOT_PASSWORD: SECRET_ACCESS_KEY },
    args: (address, consoleAddress, folder) => [
      ...['server', '--address', address, '--console-address', consoleAddress, folder],
    ],
  },
  versitygw: {
    command: 'versitygw',
    env: { ROOT_ACCESS_KEY: ACCESS_KEY_ID, ROOT_SECRET_KEY: SECRET_ACCESS_KEY },
    args: (address, _, folder) => ['--port', address, 'posix', folder],
  },
}

/** Of servers that keep a key as a path of files. */
const FILE_NAMES = {
  'keys: a leading slash': 'a key that begins with a slash is refused with 400',
  'keys: slashes in a row': 'a key with an empty segment is refused with 400',
  'keys: the longest, in one segment': 'a segment of more than 255 bytes is refused with 400',
}

/** How they differ from S3. Whoever finds a difference writes it here, and the store suite stays as it is. */
const KNOWN_PROFILES: Readonly<Record<Exclude<ServerKind, 'environment'>, ServerProfile>> = {
  gateway: {
    checksums: AWS_PROVIDER.checksums,
    lacks: ['bucket CORS', 'lifecycle', 'lifecycle of uploads', 'tags', 'classes'],
    clientExceptions: Object.fromEntries(
      ['crc32c', 'crc64nvme'].map((name) => [
        `checksums: by ${name} a body that changed on its way down is an error`,
        'its stores have no place for a checksum, so that it tells none',
      ]),
    ),
  },
  rustfs: {
    capabilities: RUSTFS_PROVIDER.capabilities,
    checksums: RUSTFS_PROVIDER.checksums,
    exceptions: FILE_NAMES,
  },
  minio: {
    capabilities: MINIO_PROVIDER.capabilities,
    checksums: MINIO_PROVIDER.checksums,
    lacks: ['bucket CORS', 'lifecycle of uploads'],
    exceptions: {
      ...FILE_NAMES,
      'keys: a key and keys below it':
        'a listing by the prefix "a/b" shows nothing where "a" is an object',
    },
  },
  versitygw: {
    capabilities: VERSITYGW_PROVIDER.capabilities,
    checksums: VERSITYGW_PROVIDER.checksums,
    lacks: ['lifecycle', 'lifecycle of uploads'],
    exceptions: {
      ...FILE_NAMES,
      'keys: a key and keys below it': 'an object "a" allows no "a/b": 409 ObjectParentIsFile',
      'keys: a trailing slash': 'a key that ends in a slash holds no bytes',
      'keys: code points that XML cannot carry': 'U+FFFF is listed as U+FFFD',
      'multipart: more than 1,000 open uploads are listed, also while they are aborted':
        'the page after an upload that was aborted is refused: 400 "Invalid uploadId marker"',
    },
  },
}

export const PROFILES: Readonly<Record<ServerKind, ServerProfile>> = {
  ...KNOWN_PROFILES,
  environment: KNOWN_PROFILES[process.env.SLUICE_S3_KIND as 'rustfs'] ?? {},
}

/** Each real server, and why it cannot be used here, if so. */
export function realServers(): readonly { kind: RealServerKind; missing?: string }[] {
  const programs = Object.entries(PROGRAMS).map(([kind, { command }]) => ({
    kind: kind as RealServerKind,
    ...(isOnPath(command) ? {} : { missing: `${command} is not on the PATH` }),
  }))
  const environment = process.env.SLUICE_S3_ENDPOINT
    ? {}
    : { missing: 'SLUICE_S3_ENDPOINT is not set' }
  return [...programs, { kind: 'environment', ...environment }]
}

/** Starts a server on a free port of the loopback, with a folder of its own, and makes a bucket. */
export async function startServer(kind: ServerKind): Promise<TestServer> {
  if (kind === 'gateway') return startGateway()
  if (kind === 'environment') return environmentServer()
  return startProgram(kind, PROGRAMS[kind])
}

/** The gateway over a store, in this process, behind node:http. Pages of these origins are let in. */
export async function startGateway(
  store: Store = memoryStore(),
  origins: readonly string[] = ['*'],
): Promise<TestServer> {
  const buckets: Record<string, Store> = { [BUCKET]: store }
  const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }
  const changes = {
    create(bucket: string): void {
      buckets[bucket] = memoryStore()
    },
    delete(bucket: string): void {
      delete buckets[bucket]
    },
  }
  const handler = s3Gateway({
    buckets,
    changes,
    credentials,
    region: REGION,
    cors: { origins },
  })
  const server = await fetchServer(handler)
  return {
    ...LOCAL,
    kind: 'gateway',
    endpoint: server.url,
    async newBucket() {
      const bucket = newBucketName()
      buckets[bucket] = memoryStore()
      return { bucket, remove: async () => void delete buckets[bucket] }
    },
    stop: () => server.close(),
  }
}

async function startProgram(kind: ServerKind, program: ServerProgram): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${kind}-`))
  const address = `127.0.0.1:${await freePort()}`
  const consoleAddress = `127.0.0.1:${await freePort()}`
  const child = spawn(program.command, program.args(address, consoleAddress, folder), {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...program.env },
    stdio: 'ignore',
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const base = { ...LOCAL, kind, endpoint: `http://${address}` }
  const server: TestServer = {
    ...base,
    // Its folder goes with the server: nothing to remove before.
    newBucket: async () => ({ bucket: await createBucket(base), remove: async () => {} }),
    async stop() {
      process.removeListener('exit', killAtExit)
      await stopChild(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await untilUp(base, child)
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

/** Whatever the environment names. It is somebody's: everything made here is removed again. */
async function environmentServer(): Promise<TestServer> {
  const base = {
    kind: 'environment' as const,
    endpoint: fromEnvironment('SLUICE_S3_ENDPOINT'),
    accessKeyId: fromEnvironment('AWS_ACCESS_KEY_ID'),
    secretAccessKey: fromEnvironment('AWS_SECRET_ACCESS_KEY'),
    region: process.env.AWS_REGION ?? REGION,
  }
  const given = process.env.SLUICE_S3_BUCKET
  const newBucket = async (): Promise<NewBucket> => {
    const bucket = given ?? (await createBucket(base))
    const store = s3Store({ ...base, bucket, credentials: base })
    for await (const entry of store.list()) {
      throw new Error(
        `SLUICE_S3_BUCKET must name an empty bucket; it holds ${JSON.stringify(entry)}`,
      )
    }
    return {
      bucket,
      async remove() {
        const keys: string[] = []
        for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
        await store.delete(keys)
        for await (const token of store.listMultipart?.('') ?? []) {
          await store.resumeMultipart?.(token).abort()
        }
        if (!given) await bucketRequest(base, bucket, 'DELETE')
      },
    }
  }
  const { bucket, remove } = await newBucket()
  return { ...base, bucket, newBucket, stop: remove, ...(given && { bucketsAtOnce: 1 }) }
}

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`SLUICE_S3_ENDPOINT is set and ${name} is not`)
  return value
}

type Address = Pick<TestServer, 'endpoint' | 'accessKeyId' | 'secretAccessKey' | 'region'>

async function createBucket(address: Address, bucket = newBucketName()): Promise<string> {
  const response = await bucketRequest(address, bucket, 'PUT')
  if (!response.ok) {
    throw new Error(`CreateBucket ${bucket}: ${response.status} ${await response.text()}`)
  }
  return bucket
}

const PAGES =
  '<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><AllowedOrigin>*</AllowedOrigin>' +
  ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']
    .map((method) => `<AllowedMethod>${method}</AllowedMethod>`)
    .join('') +
  '<AllowedHeader>*</AllowedHeader><ExposeHeader>*</ExposeHeader></CORSRule></CORSConfiguration>'

/** Lets pages of any origin use the bucket. A server that knows no such rule (501) has one of its own. */
export async function allowPages(address: Address, bucket: string): Promise<void> {
  const digest = createHash('md5').update(PAGES).digest('base64')
  const headers = { 'content-type': 'application/xml', 'content-md5': digest }
  const response = await bucketRequest(address, `${bucket}?cors`, 'PUT', { headers, body: PAGES })
  const text = await response.text()
  if (!response.ok && response.status !== 501) {
    throw new Error(`PutBucketCors ${bucket}: ${response.status} ${text}`)
  }
}

async function bucketRequest(
  address: Address,
  target: string,
  method: string,
  init: RequestInit = {},
): Promise<Response> {
  const { endpoint, accessKeyId, secretAccessKey, region } = address
  const aws = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' })
  return fetch(await aws.sign(`${endpoint}/${target}`, { ...init, method }))
}

function newBucketName(): string {
  return `sluice-test-${randomUUID()}`
}

/** Up is who makes a bucket: some answer before their storage is ready. */
async function untilUp(
  address: Address & { kind: ServerKind },
  child: ChildProcess,
): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`${address.kind} ended with status ${child.exitCode}`)
    try {
      await createBucket(address, BUCKET)
      return
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`${address.kind} did not come up`, { cause: error })
    }
    await delay(200)
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5000)
  await exited
  clearTimeout(force)
}

/** A port of the loopback that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, command)))
}
