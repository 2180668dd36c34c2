import { randomUUID } from 'node:crypto'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Chunk } from '../contracts/index.ts'
import { SluiceError, throwIfAborted } from '../core/errors.ts'
import { type ObjectWriter, objectWriter } from '../core/object-writer.ts'
import { type Address, type BucketOptions, openBucket } from './address.ts'
import { fileError } from './file-error.ts'
import { type CliIo, oneLine } from './io.ts'

/** Where bytes go, whole or not at all. */
export interface ByteTarget extends AsyncDisposable {
  write(chunk: Chunk): Promise<void>
  /** `head` has exactly `headBytes` bytes. */
  close(head?: Chunk): Promise<void>
}

export interface TargetOptions {
  readonly contentType?: string | undefined
  /** How many of the first bytes are given to `close`. Default 0. */
  readonly headBytes?: number | undefined
}

/** Writes to an address. What was there before is replaced by `close`, and stays if the target is left without it. */
export async function byteTarget(
  address: Address,
  target: TargetOptions,
  io: CliIo,
  options: BucketOptions,
): Promise<ByteTarget> {
  if (address.kind === 'local') return localFile(address.path, target, io.signal)
  const store = openBucket(address, io, options)
  return bucketObject(objectWriter(store, address.key, { ...target, signal: io.signal }))
}

function bucketObject(writer: ObjectWriter): ByteTarget {
  return {
    write: (chunk) => writer.write(chunk),
    async close(head) {
      await writer.close(head)
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  }
}

/** Through a hidden file beside it. A link keeps pointing to its file, and the file keeps its permissions. */
async function localFile(
  given: string,
  { headBytes = 0 }: TargetOptions,
  signal: AbortSignal,
): Promise<ByteTarget> {
  const failure = (error: unknown): never => {
    throw fileError(error, 'Writing', given)
  }
  const path = await realpath(given).catch(() => given)
  const old = await stat(path).catch(() => undefined)
  if (old && !old.isFile()) {
    // Renaming a file over `/dev/null` would take the device away.
    throw new SluiceError('invalid-options', `${oneLine(given)} is there and is no regular file`)
  }
  const hidden = join(dirname(path), `.sluice-${randomUUID()}.tmp`)
  const file: FileHandle = await open(hidden, 'wx', old ? old.mode & 0o777 : 0o666).catch(failure)
  let position = headBytes
  let renamed = false
  return {
    async write(chunk) {
      throwIfAborted(signal)
      await writeAll(file, chunk, position).catch(failure)
      position += chunk.byteLength
    },
    async close(head) {
      throwIfAborted(signal)
      if (head) await writeAll(file, head, 0).catch(failure)
      await file.sync().catch(failure)
      await rename(hidden, path).catch(failure)
      renamed = true
    },
    async [Symbol.asyncDispose]() {
      await file.close()
      if (!renamed) await rm(hidden, { force: true })
    },
  }
}

/** One `write` may take less than it is given. */
async function writeAll(file: FileHandle, bytes: Chunk, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, position + at)
    at += bytesWritten
  }
}
