import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import type { Bytes } from '../contracts/index.ts'
import { ownBytes } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { iterate } from '../core/reading.ts'
import {
  addressText,
  type BucketAddress,
  type BucketOptions,
  openBucket,
  parseObjectAddress,
} from './address.ts'
import { fileError, notFound } from './file-error.ts'
import { type CliIo, oneLine } from './io.ts'
import { GZIP_NAME } from './names.ts'

/** What is read from its end, or from anywhere, and comes through a pipe or in gzip, has to be held: so much of it at most. */
export const MAX_HELD_BYTES: number = 256 * 1024 * 1024

/** Bytes to read, wherever they are. */
export interface ByteSource {
  /** Whether `open` may be called again. A pipe can be read only once. */
  readonly repeatable: boolean
  open(): Promise<OpenSource>
}

export interface OpenSource {
  readonly sizeBytes: number | undefined
  /** Whether the name says that the bytes are gzip. Not where a `Content-Encoding` has had `fetch` unpack them. */
  readonly isNamedGzip: boolean
  readonly body: AsyncIterable<Bytes>
}

/** What an argument names: `-` is standard input. */
export async function byteSource(
  argument: string,
  io: CliIo,
  options: BucketOptions,
): Promise<ByteSource> {
  if (argument === '-') return standardInput(io)
  const address = parseObjectAddress(argument)
  return address.kind === 's3'
    ? bucketObject(address, io, options)
    : localFile(address.path, io.signal)
}

function standardInput(io: CliIo): ByteSource {
  return {
    repeatable: false,
    open: async () => ({
      sizeBytes: undefined,
      isNamedGzip: false,
      body: bytesOf(addAbortSignal(io.signal, io.stdin), 'standard input'),
    }),
  }
}

function bucketObject(address: BucketAddress, io: CliIo, options: BucketOptions): ByteSource {
  const store = openBucket(address, io, options)
  /** Of the first time, so that all passes see the same object. */
  let etag: string | undefined
  return {
    repeatable: true,
    async open() {
      const found = await store.get(address.key, { signal: io.signal, ifMatch: etag })
      if (!found) throw notFound(addressText(address))
      etag = found.etag
      const isNamedGzip = GZIP_NAME.test(address.key) && found.contentEncoding === undefined
      return { sizeBytes: found.sizeBytes, isNamedGzip, body: iterate(found.body) }
    },
  }
}

/** `/dev/fd/63`, which a shell makes of `<(command)`, can be read like a file, but only once. */
async function localFile(path: string, signal: AbortSignal): Promise<ByteSource> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(error, 'Reading', path)
  })
  if (info.isDirectory()) {
    throw new SluiceError('invalid-options', `${oneLine(path)} is a folder: give a file`)
  }
  return {
    repeatable: info.isFile(),
    open: async () => ({
      sizeBytes: info.isFile() ? info.size : undefined,
      isNamedGzip: GZIP_NAME.test(path),
      body: bytesOf(createReadStream(path, { signal }), path),
    }),
  }
}

async function* bytesOf(stream: Readable, name: string): AsyncGenerator<Bytes, void, undefined> {
  try {
    for await (const chunk of stream) yield ownBytes(chunk as Uint8Array)
  } catch (error) {
    throw fileError(error, 'Reading', name)
  }
}
