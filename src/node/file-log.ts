import * as fs from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LanePosition, Log, Row } from '../contracts/index.ts'
import type { LogFile, LogFiles } from '../logs/segments/log-files.ts'
import { readPositions } from '../logs/segments/read-positions.ts'
import { type SegmentLogOptions, segmentLog } from '../logs/segments/segment-log.ts'

export type { SegmentLogOptions }

/**
 * A log in a local folder, over `node:fs`: in Node, Deno and Bun. The folder, which is made when the log is first opened, is the log's alone.
 *
 * Guaranteed: what {@link Log} says, through crashes of the process and of the machine: every call resolves after `fdatasync`. Calls
 * that come while one is under way share the next. What was cut off by a crash is found by its checksum and left out.
 * Whoever opens the log last owns it, in another process too: the owner before hears `fenced` instead of an acknowledgement.
 *
 * Rows stay in the files until they are in the store. In memory are, besides the lanes, the rows that are
 * being written (8 MiB and one append at most, of which 16 MiB are kept for the next ones), about 150 bytes for each append that has rows there, and half a kilobyte for each file of the last 90 days, for receipts, and
 * each of the answers, 32 at most, of a producer of the last 7 and of the last 1,000. The folder takes at most four times the room of its rows and of what is in memory, and some 128 MiB.
 *
 * Not guaranteed: anything on a network file system without working `fsync` and exclusive creation, or on a disk that
 * confirms what it has not kept.
 *
 * Errors: what the contract names; `unavailable` when the disk fails or is full: from then on nothing is acknowledged until the log
 * is opened again. `checksum-mismatch` when something does not read as it was made durable: from `open` where it is what the log knows,
 * from `read` where it is a file's rows; it is never skipped. `not-supported` for a log of a newer Sluice. `too-large` for a record of more
 * than 64 MiB of JSON.
 *
 * @param folder A path, relative to the working directory, or a `file:` URL.
 */
export function fileLog<R extends object = Row>(
  folder: string | URL,
  options: SegmentLogOptions = {},
): Log<R> {
  return segmentLog<R>(logFolder(pathOf(folder)), options)
}

/**
 * How far each lane of a `fileLog` has come: `committed`, up to where its records are in visible files, and `end`. Only reads, so the
 * sink that has the log goes on unfenced; what it does meanwhile may be told or not. Asked before a listing, every record that it
 * calls committed is in the listing: see `positions` of `audit`.
 *
 * Errors: `not-found` where there is no log; `checksum-mismatch`, `not-supported` and `unavailable` as of `fileLog`.
 *
 * @param folder A path, relative to the working directory, or a `file:` URL.
 */
export async function fileLogPositions(folder: string | URL): Promise<readonly LanePosition[]> {
  const path = pathOf(folder)
  return readPositions({
    ...logFolder(path),
    open: (name) => openFile(join(path, name), fs.constants.O_RDONLY),
  })
}

function pathOf(folder: string | URL): string {
  return resolve(typeof folder === 'string' ? folder : fileURLToPath(folder))
}

/** A folder of the file system as the files of a log. */
export function logFolder(folder: string): LogFiles {
  return {
    list: async () => (await unless('ENOENT', fs.readdir(folder))) ?? [],
    async create(name) {
      await makeFolder(folder)
      const file = await unless('EEXIST', fs.open(join(folder, name), 'wx'))
      await file?.close()
      return file !== undefined
    },
    async open(name) {
      const { O_RDWR, O_CREAT } = fs.constants
      return openFile(join(folder, name), O_RDWR | O_CREAT)
    },
    async remove(name) {
      await unless('ENOENT', fs.unlink(join(folder, name)))
    },
    sync: () => syncFolder(folder),
  }
}

async function openFile(path: string, flags: number): Promise<LogFile> {
  const file = await fs.open(path, flags)
  try {
    return logFile(file, (await file.stat()).size)
  } catch (error) {
    await file.close()
    throw error
  }
}

function logFile(file: fs.FileHandle, size: number): LogFile {
  let sizeBytes = size
  return {
    get sizeBytes() {
      return sizeBytes
    },
    async append(bytes) {
      for (let at = 0; at < bytes.byteLength; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, sizeBytes)
        at += bytesWritten
        sizeBytes += bytesWritten
      }
    },
    sync: () => file.datasync(),
    async read(start, into) {
      const { byteLength } = into
      for (let at = 0; at < byteLength; ) {
        const { bytesRead } = await file.read(into, at, byteLength - at, start + at)
        if (bytesRead === 0)
          throw new Error(`The file ends at ${start + at}, before ${start + byteLength}`)
        at += bytesRead
      }
    },
    close: () => file.close(),
  }
}

/** A folder that was just made is durable when the one above it is. */
async function makeFolder(folder: string): Promise<void> {
  const first = await fs.mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let above = dirname(folder); above.length >= dirname(first).length; ) {
    await syncFolder(above)
    if (above === dirname(above)) return
    above = dirname(above)
  }
}

/** Windows opens no folder, and makes names durable by itself. */
async function syncFolder(folder: string): Promise<void> {
  let handle: fs.FileHandle | undefined
  try {
    handle = await fs.open(folder, 'r')
    await handle.sync()
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL'].includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

async function unless<T>(code: string, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (codeOf(error) === code) return undefined
    throw error
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null | undefined)?.code)
}
