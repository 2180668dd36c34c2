import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { toBase64Url, toHex } from '../../core/bytes.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import { s3Gateway } from '../../http/s3-gateway.ts'
import { type FetchServer, fetchServer, fsStore } from '../../node/index.ts'
import type { S3Credentials } from '../../s3/credentials.ts'
import { s3Address } from '../../s3/endpoint.ts'
import { fileError } from '../file-error.ts'
import { type CliIo, oneLine, print } from '../io.ts'

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly bucket?: string | undefined
}

/** For what is under way when the user interrupts. */
const PATIENCE_MS = 5000

/**
 * An S3 server over a local folder, which is its one bucket, until the user interrupts. Whoever has the credentials may do
 * everything in the folder, and nobody else anything: those of the environment, or new ones, which are printed.
 */
export async function serve(folder: string, options: ServeOptions, io: CliIo): Promise<void> {
  const root = resolve(folder)
  const info = await stat(root).catch((error: unknown) => {
    throw fileError(error, 'Reading', folder)
  })
  if (!info.isDirectory()) {
    throw new SluiceError('invalid-options', `${oneLine(folder)} is no folder`)
  }
  const bucket = options.bucket ?? basename(root)
  checkBucket(bucket)
  const region = io.env.AWS_REGION || io.env.AWS_DEFAULT_REGION || 'us-east-1'
  const given = givenCredentials(io)
  const credentials = given ?? newCredentials()
  const handler = s3Gateway({ buckets: { [bucket]: fsStore(root) }, credentials, region })
  const server = await listen(handler, options)
  try {
    await print(
      io.stdout,
      greeting({ folder, bucket, region, url: server.url }, given ? undefined : credentials),
    )
    await interrupted(io.signal)
  } finally {
    await server.close(PATIENCE_MS)
  }
}

function checkBucket(bucket: string): void {
  try {
    s3Address({ bucket })
  } catch (error) {
    const { message } = asSluiceError(error, 'invalid-options', 'The bucket cannot be named so')
    throw new SluiceError('invalid-options', `${oneLine(message)}; choose one with --bucket`)
  }
}

function givenCredentials({ env }: CliIo): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId && !secretAccessKey) return undefined
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined }
  }
  throw new SluiceError(
    'unauthenticated',
    'Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or neither',
  )
}

function newCredentials(): S3Credentials {
  const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes))
  return {
    accessKeyId: `SLUICE${toHex(random(7)).toUpperCase()}`,
    secretAccessKey: toBase64Url(random(30)),
  }
}

async function listen(
  handler: (request: Request) => Promise<Response>,
  { host, port }: ServeOptions,
): Promise<FetchServer> {
  try {
    return await fetchServer(handler, { host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new SluiceError('unavailable', `The port ${port} is taken: choose another with --port`)
    }
    throw asSluiceError(
      error,
      code === 'EACCES' ? 'permission-denied' : 'invalid-options',
      `This machine cannot listen at ${oneLine(host)}, port ${port}${code ? ` (${code})` : ''}`,
    )
  }
}

interface Place {
  readonly folder: string
  readonly bucket: string
  readonly region: string
  readonly url: string
}

/** The lines can be pasted into a shell: then the code of README and docs runs. Credentials are told only if nobody has them yet. */
function greeting(
  { folder, bucket, region, url }: Place,
  minted: S3Credentials | undefined,
): string {
  const keys = minted
    ? ` AWS_ACCESS_KEY_ID=${minted.accessKeyId} AWS_SECRET_ACCESS_KEY=${minted.secretAccessKey}`
    : ''
  return [
    `${oneLine(folder)} is the bucket "${bucket}" at ${url} until Ctrl-C`,
    minted
      ? 'Credentials of this run:'
      : 'Credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment',
    `  export AWS_ENDPOINT_URL=${url} AWS_REGION=${region} BUCKET=${bucket}${keys}`,
    'For example:',
    `  sluice ls s3://${bucket}`,
    '',
  ].join('\n')
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
