import type {
  Bytes,
  CallOptions,
  ErrorCode,
  MultipartLimits,
  MultipartToken,
  MultipartUpload,
  ObjectHeaders,
  ObjectInfo,
  Part,
  PutResult,
  Store,
  StoreCapabilities,
  WriteConditions,
} from '../contracts/index.ts'
import { checkRange } from '../core/check-range.ts'
import { asSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { checkKey, checkPrefix } from '../core/keys.ts'
import {
  checkConditions,
  checkCopy,
  checkHeaders,
  checkPart,
  checkParts,
  resolveRange,
} from './check-options.ts'
import { copyFile, fileSource, writeBody } from './fs/bodies.ts'
import { errnoOf, type FileHandleLike, type FsLike, type FsRoom, unless } from './fs/fs-like.ts'
import { walk } from './fs/listing.ts'
import {
  commit,
  discard,
  etagOf,
  infoOf,
  readObject,
  removeObject,
  requireConditions,
  stage,
} from './fs/objects.ts'
import { findObject } from './fs/tree.ts'
import {
  joinParts,
  listParts,
  listUploads,
  openUpload,
  readUpload,
  removeUpload,
  writePart,
} from './fs/uploads.ts'
import { getResult } from './get-result.ts'

export type { FsLike } from './fs/fs-like.ts'

export interface FsStoreOptions {
  /** `node:fs/promises`, or what has its shape. `sluice/node` exports `fsStore` with it bound. */
  readonly fs: FsLike
}

const LIMITS: MultipartLimits = Object.freeze({
  minPartBytes: 1,
  maxPartBytes: Number.MAX_SAFE_INTEGER,
  maxParts: 10_000,
  equalParts: false,
})

const CAPABILITIES: StoreCapabilities = Object.freeze({
  conditionalPut: true,
  conditionalComplete: true,
  copy: true,
  compose: false,
  rangeGet: true,
  multipart: LIMITS,
  listUploads: true,
  maxPutBytes: Number.MAX_SAFE_INTEGER,
})

/**
 * A local folder as a store. Keys are paths below `root`: the object `a/b.csv` is the file `a/b.csv`, and files that
 * something else put there are objects. What a path cannot say as it is (`a` beside `a/b`, `a//b`, a segment of more
 * than 250 bytes, `%`, `\`, `.sluice`) has an escaped name; `fs/names.ts` has the table.
 *
 * Guaranteed: the contract, between processes on one machine too. A put writes beside the tree, syncs, and renames;
 * create-only links, so that of several processes one wins; bytes, headers and metadata change in one step. Symbolic
 * links are not followed: what is behind one does not exist. Nothing outside `root` is touched.
 *
 * Not guaranteed: anything on file systems that ignore case or Unicode forms, on Windows names, or without hard links;
 * that `ifMatch` sees an unconditional put of another process in the microseconds between its look and its rename;
 * create-only for a key `a` while other processes empty the folder `a/`; headers of a file that was changed, or copied
 * without its time, by something else. A crash may leave files in `root/.sluice/tmp`.
 *
 * Errors beyond the contract's: `permission-denied`, and `unavailable` for a full disk and the like.
 */
export function fsStore(root: string, { fs }: FsStoreOptions): Store {
  const room: FsRoom = { fs, root: root === '/' ? '' : root.replace(/\/+$/, '') }
  const queues = new Map<string, Promise<unknown>>()

  /** Writers of one key in this process go one by one, which makes `ifMatch` exact among them. */
  async function alone<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = queues.get(key)
    const mine = (async () => {
      await before
      return run()
    })()
    const settled = mine.catch(() => {})
    queues.set(key, settled)
    try {
      return await mine
    } finally {
      if (queues.get(key) === settled) queues.delete(key)
    }
  }

  async function write(
    key: string,
    headers: ObjectHeaders,
    conditions: WriteConditions & CallOptions,
    fill: (file: FileHandleLike) => Promise<unknown>,
  ): Promise<PutResult> {
    // Spares the bytes of a write that is going to fail. What decides is commit().
    requireConditions(key, await findObject(room, key), conditions)
    const staged = await stage(room, key, headers, async (file) => {
      await fill(file)
    })
    await alone(key, async () => {
      if (conditions.signal?.aborted) await discard(room, staged)
      throwIfAborted(conditions.signal)
      await commit(room, staged, conditions)
    })
    return Object.freeze({ etag: etagOf(staged.stats) })
  }

  /** The object and its open file. Together they are one version. */
  async function open(
    key: string,
  ): Promise<{ readonly info: ObjectInfo; readonly file: FileHandleLike } | undefined> {
    for (;;) {
      const object = await readObject(room, key)
      if (!object) return undefined
      const file = await unless(['ENOENT', 'ENOTDIR'], room.fs.open(object.path, 'r'))
      if (!file) continue
      const stats = await file.stat({ bigint: true })
      if (etagOf(stats) === etagOf(object.stats)) {
        return { info: infoOf(key, stats, object.headers), file }
      }
      await file.close()
    }
  }

  async function get(
    key: string,
    { range, ifMatch, signal }: Parameters<Store['get']>[1] = {},
  ): ReturnType<Store['get']> {
    checkRange(key, range)
    const opened = await open(key)
    if (!opened) return undefined
    const { info, file } = opened
    try {
      if (ifMatch !== undefined && info.etag !== ifMatch) {
        throw new SluiceError('precondition-failed', `"${key}" is another version`, { key })
      }
      const { start, end } = resolveRange(key, range, info.sizeBytes)
      throwIfAborted(signal)
      return getResult(info, fileSource(file, start, end), signal)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  function handle({ key, uploadId }: MultipartToken): MultipartUpload {
    const token = { key, uploadId }
    return Object.freeze({
      key,
      uploadId,
      toJSON: () => ({ ...token }),
      async putPart(partNumber: number, body: Bytes | Blob, call: CallOptions = {}): Promise<Part> {
        throwIfAborted(call.signal)
        const sizeBytes = body instanceof Blob ? body.size : body.byteLength
        checkPart(key, partNumber, sizeBytes, LIMITS)
        return guard(key, 'write a part of', writePart(room, token, partNumber, body, call))
      },
      async complete(parts: readonly Part[], call: WriteConditions & CallOptions = {}) {
        throwIfAborted(call.signal)
        checkConditions(key, call, CAPABILITIES.conditionalComplete, 'complete')
        return guard(
          key,
          'complete',
          (async () => {
            const { headers } = await readUpload(room, token)
            checkParts(key, parts, LIMITS)
            const result = await write(key, headers, call, (file) =>
              joinParts(room, token, parts, LIMITS, file, call),
            )
            await removeUpload(room, token)
            return result
          })(),
        )
      },
      async abort(call: CallOptions = {}): Promise<void> {
        throwIfAborted(call.signal)
        await guard(key, 'abort', removeUpload(room, token))
      },
      async *listParts({ signal }: CallOptions = {}) {
        throwIfAborted(signal)
        for (const part of await guard(key, 'list the parts of', listParts(room, token))) {
          throwIfAborted(signal)
          yield part
        }
      },
    })
  }

  return Object.freeze<Store>({
    kind: 'fs',
    capabilities: CAPABILITIES,
    async put(key, body, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      const headers = checkHeaders(key, options)
      checkConditions(key, options, CAPABILITIES.conditionalPut, 'put')
      const writing = write(key, headers, options, (file) => writeBody(file, body, options.signal))
      return guard(key, 'write', writing)
    },
    async get(key, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      return guard(key, 'read', get(key, options))
    },
    async head(key, { signal } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      const object = await guard(key, 'look at', readObject(room, key))
      return object && infoOf(key, object.stats, object.headers)
    },
    async *list(options = {}) {
      const { prefix = '', delimiter, signal } = options
      throwIfAborted(signal)
      checkPrefix(prefix)
      if (delimiter && delimiter !== '/') {
        throw new SluiceError('not-supported', `A folder is listed by "/", not by "${delimiter}"`)
      }
      try {
        yield* walk(room, [room.root], '', options)
      } catch (error) {
        throw failure(error, prefix, 'list')
      }
    },
    async delete(keys, { signal } = {}) {
      throwIfAborted(signal)
      const doomed = new Set(typeof keys === 'string' ? [keys] : keys)
      for (const key of doomed) checkKey(key)
      const failed: { readonly key: string; readonly error: Error }[] = []
      for (const key of doomed) {
        throwIfAborted(signal)
        try {
          await alone(key, () => removeObject(room, key))
        } catch (error) {
          failed.push({ key, error: failure(error, key, 'delete') })
        }
      }
      return Object.freeze({ deleted: doomed.size - failed.length, failed })
    },
    async copy(from, to, options = {}) {
      throwIfAborted(options.signal)
      checkCopy(from, to)
      checkConditions(to, options, CAPABILITIES.conditionalPut, 'copy')
      const source = await guard(from, 'read', open(from))
      if (!source) {
        throw new SluiceError('not-found', `There is no object "${from}" to copy from`, {
          key: from,
        })
      }
      const headers = checkHeaders(to, source.info)
      const writing = write(to, headers, options, (file) =>
        copyFile(source.file, file, 0, options.signal),
      )
      try {
        return await guard(to, 'write', writing)
      } finally {
        await source.file.close()
      }
    },
    async createMultipart(key, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      const opening = openUpload(room, key, checkHeaders(key, options))
      return handle(await guard(key, 'begin an upload of', opening))
    },
    resumeMultipart: handle,
    async *listMultipart(prefix, { signal } = {}) {
      throwIfAborted(signal)
      checkPrefix(prefix)
      for (const upload of await guard(prefix, 'list the uploads of', listUploads(room, prefix))) {
        throwIfAborted(signal)
        yield upload
      }
    },
  })
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  ENAMETOOLONG: 'invalid-key',
}

async function guard<T>(key: string, verb: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw failure(error, key, verb)
  }
}

/** The system's error as ours. Its message has the path and is kept as the cause. */
function failure(error: unknown, key: string, verb: string): SluiceError {
  const errno = errnoOf(error) ?? 'unknown'
  const message = `Could not ${verb} "${key}" in the local folder (${errno})`
  return asSluiceError(error, CODES[errno] ?? 'unavailable', message, { key })
}
