import type { Bytes, Log, Row } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import type { LogFile, LogFiles } from './segments/log-files.ts'
import { type SegmentLogOptions, segmentLog } from './segments/segment-log.ts'

export type { SegmentLogOptions }

/** The part of a `FileSystemDirectoryHandle` that the log calls. */
export interface DirectoryLike {
  getFileHandle(name: string, options?: { readonly create?: boolean }): Promise<FileHandleLike>
  removeEntry(name: string): Promise<void>
  keys(): AsyncIterable<string>
}

export interface FileHandleLike {
  /** Only a dedicated worker has it. */
  createSyncAccessHandle?(): Promise<SyncHandleLike>
}

/** The part of a `FileSystemSyncAccessHandle` that the log calls. */
export interface SyncHandleLike {
  getSize(): number
  read(buffer: Bytes, options: { readonly at: number }): number
  write(buffer: Bytes, options: { readonly at: number }): number
  flush(): void
  close(): void
}

const LOCK = 'lock'

/**
 * A log in a folder of the origin private file system, for a dedicated worker of a page. The folder is the log's alone:
 *
 * ```ts
 * const root = await navigator.storage.getDirectory()
 * const log = opfsLog(await root.getDirectoryHandle('events', { create: true }))
 * ```
 *
 * Guaranteed: what {@link Log} says, when the page, its tab or the browser ends at any point. One worker owns the log: while it lives and has not
 * closed its session, `open` in another worker or tab rejects with `conflict`, and changes nothing. A session is fenced only by an
 * `open` of the same log object; a closed tab gives the log back by itself.
 *
 * Not guaranteed: that a machine which goes down keeps what was acknowledged just before. Browsers promise that `flush()` hands the bytes to
 * the system (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle-flush), and have nothing that makes a new file's
 * name durable. Nor that the browser keeps the folder when the disk is full: ask for `navigator.storage.persist()`.
 *
 * Memory and room are those of `fileLog`. Errors: those too, with `unavailable` when the origin's quota is used up; `conflict` as above;
 * `not-supported` outside of a dedicated worker.
 */
export function opfsLog<R extends object = Row>(
  directory: DirectoryLike,
  options: SegmentLogOptions = {},
): Log<R> {
  return segmentLog<R>(opfsFiles(directory), options)
}

function opfsFiles(directory: DirectoryLike): LogFiles {
  return {
    async list() {
      const names: string[] = []
      for await (const name of directory.keys()) names.push(name)
      return names
    },
    async create(name) {
      // Nobody comes between the two calls: whoever makes files here has the lock.
      if (await exists(directory, name)) return false
      await directory.getFileHandle(name, { create: true })
      return true
    },
    open: async (name) => logFile(await openHandle(directory, name)),
    async remove(name) {
      if (await exists(directory, name)) await directory.removeEntry(name)
    },
    async sync() {},
    async lock() {
      const handle = await openHandle(directory, LOCK)
      return async () => handle.close()
    },
  }
}

function logFile(handle: SyncHandleLike): LogFile {
  let sizeBytes = handle.getSize()
  return {
    get sizeBytes() {
      return sizeBytes
    },
    async append(bytes) {
      for (let at = 0; at < bytes.byteLength; ) {
        const written = handle.write(bytes.subarray(at), { at: sizeBytes })
        if (written === 0) throw new Error('The file takes no more bytes')
        at += written
        sizeBytes += written
      }
    },
    async sync() {
      handle.flush()
    },
    async read(start, into) {
      const { byteLength } = into
      const read = handle.read(into, { at: start })
      if (read === byteLength) return
      throw new Error(`The file ends at ${start + read}, before ${start + byteLength}`)
    },
    async close() {
      handle.close()
    },
  }
}

async function openHandle(directory: DirectoryLike, name: string): Promise<SyncHandleLike> {
  const file = await directory.getFileHandle(name, { create: true })
  if (!file.createSyncAccessHandle) {
    throw new SluiceError(
      'not-supported',
      'Only a dedicated worker can write to the origin private file system as a log does',
    )
  }
  try {
    return await file.createSyncAccessHandle()
  } catch (cause) {
    if ((cause as { name?: unknown } | null)?.name !== 'NoModificationAllowedError') throw cause
    throw new SluiceError('conflict', 'Another tab or worker has this log open', { cause })
  }
}

async function exists(directory: DirectoryLike, name: string): Promise<boolean> {
  try {
    await directory.getFileHandle(name)
    return true
  } catch (error) {
    if ((error as { name?: unknown } | null)?.name === 'NotFoundError') return false
    throw error
  }
}
