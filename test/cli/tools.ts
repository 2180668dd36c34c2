import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { run } from '../../src/cli/run.ts'
import type { TestServer } from '../servers.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly bytes: Buffer
  readonly stdout: string
  readonly stderr: string
}

export interface SluiceOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  readonly cwd?: string
}

/** Nothing of this machine's: no profile of its user, and no metadata service of the cloud that it may be in. */
const NOWHERE = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }

/** The built command as its own process, with nothing in its environment but what is given. */
export function start(
  args: readonly string[],
  options: SluiceOptions = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', ...NOWHERE, ...options.env },
  })
}

/** The same command line inside this process: for the many that end before they reach a server. */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Omit<Ended, 'bytes'>> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const { signal } = new AbortController()
  const status = await run(args, {
    stdin: Readable.from([]),
    stdout,
    stderr,
    env: { ...NOWHERE, ...env },
    signal,
  })
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/** Runs the built command to its end. */
export async function sluice(args: readonly string[], options: SluiceOptions = {}): Promise<Ended> {
  const child = start(args, options)
  // A command that does not read its input ends before it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return ended(child)
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  const bytes = Buffer.concat(out)
  return { status, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() }
}

/** How a process is told of a server. */
export function environmentOf(server: TestServer): Record<string, string> {
  return {
    SLUICE_S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
  }
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Bytes that compress badly and differ everywhere, the same each time. */
export function noise(sizeBytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = 0x9e3779b9
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, sizeBytes)
}
