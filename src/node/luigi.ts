/**
 * `sluice/node/luigi`: `sluice/luigi` for Node, Deno and Bun. A client that is given no stores finds its server and its credentials as the environment has
 * them, a target that is given no client makes such a one, and files may be local paths.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import process from 'node:process'
import * as luigi from '../compat/luigi/index.ts'
import type { Bytes, CallOptions, ErrorCode } from '../contracts/index.ts'
import { asSluiceError, type SluiceError } from '../core/errors.ts'
import type { ObjectWritten } from '../core/parts-writer.ts'
import type { Environment } from '../s3/credentials/index.ts'
import { connectionOf } from './s3-connection.ts'

export * from '../compat/luigi/index.ts'
export { zstd } from './luigi-zstd.ts'

export type S3ClientOptions = luigi.S3ClientOptions & {
  /** Default: `process.env`. */
  readonly env?: Environment | undefined
}

/** `connections` of Node: Luigi's default number of threads. */
const CONNECTIONS = 100

/**
 * The client of `sluice/luigi`, which see. What is not given, the server, its region and the credentials, is what the AWS tools would find here: see
 * `s3FromEnvironment`, and `defaultChain` for the credentials, which are also those that take on `awsRoleArn`.
 */
export class S3Client extends luigi.S3Client {
  constructor(options: S3ClientOptions = {}) {
    const { env = process.env, connections = CONNECTIONS, ...given } = options
    super({ ...('buckets' in given ? given : connectionOf(given, env)), connections })
  }

  /** Also of a local file, by its path. Errors: `not-found`, and what the file system says. */
  override put(
    source: luigi.PutSource | string,
    destination: string,
    options?: luigi.S3PutOptions,
  ): Promise<ObjectWritten> {
    return super.put(bodyOf(source), destination, options)
  }

  /** Also of a local file, by its path. Errors: `not-found`, and what the file system says. */
  override putMultipart(
    source: luigi.PutSource | string,
    destination: string,
    options?: luigi.S3PutMultipartOptions,
  ): Promise<ObjectWritten> {
    return super.putMultipart(bodyOf(source), destination, options)
  }

  /** Also into a local file, by its path: it is there as a whole, or as it was. */
  override async get(
    source: string,
    destination: WritableStream<Bytes> | string,
    options?: CallOptions,
  ): Promise<void> {
    if (typeof destination !== 'string') return super.get(source, destination, options)
    const temporary = `${destination}.${randomUUID()}.part`
    let file: FileHandle | undefined
    // Made when the object is known to be there.
    const opened = async (): Promise<FileHandle> => {
      file ??= await open(temporary, 'wx')
      return file
    }
    const sink = new WritableStream<Bytes>({
      write: async (chunk) => (await opened()).writeFile(chunk),
      close: async () => (await opened()).sync(),
    })
    try {
      await super.get(source, sink, options)
      await file?.close()
      await rename(temporary, destination)
    } catch (error) {
      await file?.close()
      await rm(temporary, { force: true })
      throw fileError(error, 'writing', destination)
    }
  }
}

export interface S3TargetOptions<Value extends luigi.FormatValue = string>
  extends Omit<luigi.S3TargetOptions<Value>, 'client'> {
  /** Default: a client of the environment, of this target's own. */
  readonly client?: luigi.S3Client | undefined
}

/** The target of `sluice/luigi`, which see. */
export class S3Target<Value extends luigi.FormatValue = string> extends luigi.S3Target<Value> {
  constructor(path: string, options: S3TargetOptions<Value> = {}) {
    super(path, withClient(options))
  }
}

export interface S3FlagTargetOptions<Value extends luigi.FormatValue = string>
  extends S3TargetOptions<Value>,
    Pick<luigi.S3FlagTargetOptions<Value>, 'flag'> {}

/** The target of `sluice/luigi`, which see. */
export class S3FlagTarget<
  Value extends luigi.FormatValue = string,
> extends luigi.S3FlagTarget<Value> {
  constructor(path: string, options: S3FlagTargetOptions<Value> = {}) {
    super(path, withClient(options))
  }
}

function withClient<Options extends { readonly client?: luigi.S3Client | undefined }>(
  options: Options,
): Options & { readonly client: luigi.S3Client } {
  return { ...options, client: options.client ?? new S3Client() }
}

function bodyOf(source: luigi.PutSource | string): luigi.PutSource {
  return typeof source === 'string' ? readFile(source) : source
}

/** Opened when the first bytes are asked for: the options are checked before. */
async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    throw fileError(error, 'reading', path)
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EISDIR: 'invalid-options',
}

function fileError(error: unknown, doing: string, path: string): SluiceError {
  const { code = '' } = error as NodeJS.ErrnoException
  return asSluiceError(error, CODES[code] ?? 'unavailable', `${doing} ${path} failed with ${code}`)
}
