import { type FileHandle, open, stat } from 'node:fs/promises'
import { SluiceError } from '../core/errors.ts'
import { collectBytes } from '../core/streams.ts'
import { type ByteHandle, type LazyReader, lazyReader } from '../files/msglc/index.ts'
import { type BucketOptions, openBucket, parseObjectAddress } from './address.ts'
import { byteSource, MAX_HELD_BYTES } from './byte-source.ts'
import { fileError } from './file-error.ts'
import type { CliIo } from './io.ts'

/** Opens the msglc file that an argument names for as long as `use` runs. What comes through a pipe is held, as any place of it may be asked for. */
export async function withMsglcFile(
  argument: string,
  io: CliIo,
  options: BucketOptions,
  use: (reader: LazyReader) => Promise<void>,
): Promise<void> {
  const { signal } = io
  const address = argument === '-' ? undefined : parseObjectAddress(argument)
  if (address?.kind === 's3') {
    return use(await lazyReader(openBucket(address, io, options), address.key, { signal }))
  }
  if (!address || !(await isRegularFile(address.path))) {
    const source = await (await byteSource(argument, io, options)).open()
    return use(await lazyReader(await collectBytes(source.body, MAX_HELD_BYTES), { signal }))
  }
  const { path } = address
  const file = await open(path).catch((error: unknown) => {
    throw fileError(error, 'Reading', path)
  })
  try {
    return await use(await lazyReader(await fileHandle(file, path), { signal }))
  } finally {
    await file.close()
  }
}

/** What cannot be asked is left to whoever reads it, and says why. */
async function isRegularFile(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined)
  return info?.isFile() ?? false
}

async function fileHandle(file: FileHandle, path: string): Promise<ByteHandle> {
  const { size } = await file.stat()
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start)
      for (let at = 0; at < bytes.byteLength; ) {
        const { bytesRead } = await file
          .read(bytes, at, bytes.byteLength - at, start + at)
          .catch((error: unknown) => {
            throw fileError(error, 'Reading', path)
          })
        if (bytesRead === 0) throw new SluiceError('protocol', 'The file became shorter')
        at += bytesRead
      }
      return bytes
    },
  }
}
