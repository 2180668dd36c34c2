import type {
  Bytes,
  CallOptions,
  Clock,
  ListOptions,
  MultipartLimits,
  MultipartToken,
  MultipartUpload,
  ObjectHeaders,
  ObjectInfo,
  Part,
  Prefix,
  PutResult,
  Store,
  WriteConditions,
} from '../contracts/index.ts'
import { concatBytes } from '../core/bytes.ts'
import { checkRange } from '../core/check-range.ts'
import { systemClock } from '../core/clock.ts'
import { SluiceError, throwIfAborted } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import { checkKey, checkPrefix, compareKeys } from '../core/keys.ts'
import {
  checkConditions,
  checkCopy,
  checkHeaders,
  checkPart,
  checkParts,
  checkSize,
  refuseRange,
  resolveRange,
} from './check-options.ts'
import { getResult } from './get-result.ts'
import { type MemoryCapabilities, memoryCapabilities } from './memory-capabilities.ts'
import { selectKeys } from './select-keys.ts'

export interface MemoryStoreOptions {
  /**
   * What the store is to lack or to demand, for tests of code that must cope with it: a verb that is switched off is
   * absent, an option is refused with `not-supported`. Default: everything, with S3's limits.
   */
  readonly capabilities?: MemoryCapabilities | undefined
  /** Where `lastModified` comes from. Default: the system's clock. */
  readonly clock?: Clock | undefined
}

interface Stored {
  readonly info: ObjectInfo
  readonly bytes: Bytes
}

interface Upload extends MultipartToken {
  readonly headers: ObjectHeaders
  readonly initiatedMs: number
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Bytes }>
}

const BODY_CHUNK_BYTES = 64 * 1024

/**
 * Objects in this process's memory, with every verb of the contract and S3's limits: for tests, examples and the
 * simulator, and the model the other stores are held against.
 *
 * Guaranteed: the contract; bodies are copied on the way in and out; ETags are SHA-256 of the bytes in hex.
 * Not guaranteed: anything beyond the life of this object.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { clock = systemClock } = options
  const capabilities = memoryCapabilities(options.capabilities)
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Upload>()

  function requireConditions(key: string, conditions: WriteConditions): void {
    const current = objects.get(key)
    if (conditions.ifNoneMatch !== undefined && current) {
      throw new SluiceError('precondition-failed', `"${key}" exists already`, {
        key,
      })
    }
    if (conditions.ifMatch !== undefined && current?.info.etag !== conditions.ifMatch) {
      const now = current ? 'is another version' : 'does not exist'
      throw new SluiceError('precondition-failed', `"${key}" ${now}`, { key })
    }
  }

  /** The one place where objects appear. Nothing is awaited between the conditions and the write: that is the atom. */
  function commit(
    key: string,
    bytes: Bytes,
    etag: string,
    headers: ObjectHeaders,
    conditions: WriteConditions & CallOptions,
  ): PutResult {
    throwIfAborted(conditions.signal)
    requireConditions(key, conditions)
    const info: ObjectInfo = Object.freeze({
      ...headers,
      kind: 'object',
      key,
      etag,
      sizeBytes: bytes.byteLength,
      lastModified: new Date(clock.now()),
    })
    objects.set(key, { info, bytes })
    return Object.freeze({ etag })
  }

  function sourceOf(key: string): Stored {
    const stored = objects.get(key)
    if (stored) return stored
    throw new SluiceError('not-found', `There is no object "${key}" to copy from`, { key })
  }

  function openUpload({ key, uploadId }: MultipartToken): Upload {
    const upload = uploads.get(uploadId)
    if (upload?.key === key) return upload
    throw new SluiceError('not-found', `The upload of "${key}" was completed or aborted`, {
      key,
      uploadId,
    })
  }

  function handle(token: MultipartToken, limits: MultipartLimits): MultipartUpload {
    const { key, uploadId } = token
    return Object.freeze({
      key,
      uploadId,
      toJSON: () => ({ key, uploadId }),
      async putPart(partNumber: number, body: Bytes | Blob, call: CallOptions = {}): Promise<Part> {
        throwIfAborted(call.signal)
        checkPart(key, partNumber, sizeOf(body), limits)
        const bytes = await copyOf(body)
        const etag = await sha256Hex(bytes)
        throwIfAborted(call.signal)
        openUpload(token).parts.set(partNumber, { etag, bytes })
        return Object.freeze({ partNumber, etag, sizeBytes: bytes.byteLength })
      },
      async complete(parts: readonly Part[], call: WriteConditions & CallOptions = {}) {
        throwIfAborted(call.signal)
        checkConditions(key, call, capabilities.conditionalComplete, 'complete')
        const bytes = concatBytes(partsOf(openUpload(token), parts, limits))
        const etag = await sha256Hex(bytes)
        const { headers } = openUpload(token)
        const result = commit(key, bytes, etag, headers, call)
        uploads.delete(uploadId)
        return result
      },
      async abort(call: CallOptions = {}): Promise<void> {
        throwIfAborted(call.signal)
        if (uploads.get(uploadId)?.key === key) uploads.delete(uploadId)
      },
      ...(capabilities.listUploads && {
        async *listParts(call: CallOptions = {}) {
          throwIfAborted(call.signal)
          const numbers = [...openUpload(token).parts.keys()].sort((a, b) => a - b)
          for (const partNumber of numbers) {
            throwIfAborted(call.signal)
            const part = openUpload(token).parts.get(partNumber)
            if (!part) continue
            const { etag, bytes } = part
            yield Object.freeze({ partNumber, etag, sizeBytes: bytes.byteLength })
          }
        },
      }),
    })
  }

  async function* list(listing: ListOptions = {}): AsyncGenerator<ObjectInfo | Prefix> {
    const { prefix = '', signal } = listing
    throwIfAborted(signal)
    checkPrefix(prefix)
    for (const entry of selectKeys(objects.keys(), listing)) {
      throwIfAborted(signal)
      if (typeof entry !== 'string') yield entry
      else {
        const stored = objects.get(entry)
        if (stored) yield stored.info
      }
    }
  }

  const store: Store = {
    kind: 'memory',
    capabilities,
    async put(key, body, put = {}) {
      throwIfAborted(put.signal)
      checkKey(key)
      const headers = checkHeaders(key, put)
      checkConditions(key, put, capabilities.conditionalPut, 'put')
      checkSize(key, sizeOf(body), capabilities.maxPutBytes, 'the body')
      const bytes = await copyOf(body)
      return commit(key, bytes, await sha256Hex(bytes), headers, put)
    },
    async get(key, { range, ifMatch, signal } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      checkRange(key, range)
      if (!capabilities.rangeGet) refuseRange(key, range)
      const stored = objects.get(key)
      if (!stored) return undefined
      if (ifMatch !== undefined) requireConditions(key, { ifMatch })
      const { start, end } = resolveRange(key, range, stored.info.sizeBytes)
      let at = start
      const next = async (): Promise<Bytes | undefined> => {
        if (at >= end) return undefined
        const from = at
        at = Math.min(end, at + BODY_CHUNK_BYTES)
        return stored.bytes.slice(from, at)
      }
      return getResult(stored.info, { next }, signal)
    },
    async head(key, { signal } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      return objects.get(key)?.info
    },
    list,
    async delete(keys, { signal } = {}) {
      throwIfAborted(signal)
      const doomed = new Set(typeof keys === 'string' ? [keys] : keys)
      for (const key of doomed) checkKey(key)
      for (const key of doomed) objects.delete(key)
      return Object.freeze({
        deleted: doomed.size,
        failed: Object.freeze([]),
      })
    },
  }

  if (capabilities.copy) {
    store.copy = async (from, to, copy = {}) => {
      throwIfAborted(copy.signal)
      checkCopy(from, to)
      checkConditions(to, copy, capabilities.conditionalPut, 'copy')
      const { info, bytes } = sourceOf(from)
      return commit(to, bytes, info.etag, checkHeaders(to, info), copy)
    }
  }

  if (capabilities.compose) {
    store.compose = async (sources, to, put = {}) => {
      throwIfAborted(put.signal)
      checkKey(to)
      const headers = checkHeaders(to, put)
      checkConditions(to, put, capabilities.conditionalPut, 'compose')
      if (sources.length === 0) {
        throw new SluiceError('invalid-options', `"${to}" is to be composed of nothing`, {
          key: to,
        })
      }
      const pieces = sources.map(({ key, range, ifMatch }) => {
        checkKey(key)
        checkRange(key, range)
        const { info, bytes } = sourceOf(key)
        if (ifMatch !== undefined) requireConditions(key, { ifMatch })
        const { start, end } = resolveRange(key, range, info.sizeBytes)
        return bytes.subarray(start, end)
      })
      const bytes = concatBytes(pieces).slice()
      const { etag } = commit(to, bytes, await sha256Hex(bytes), headers, put)
      return { etag, sentBytes: 0 }
    }
  }

  if (capabilities.multipart) {
    const limits = capabilities.multipart
    store.createMultipart = async (key, multipart = {}) => {
      throwIfAborted(multipart.signal)
      checkKey(key)
      const headers = checkHeaders(key, multipart)
      const token = { key, uploadId: crypto.randomUUID() }
      const initiatedMs = clock.now()
      uploads.set(token.uploadId, {
        ...token,
        headers,
        initiatedMs,
        parts: new Map(),
      })
      return handle(token, limits)
    }
    store.resumeMultipart = ({ key, uploadId }) => handle({ key, uploadId }, limits)
  }

  if (capabilities.listUploads) {
    store.listMultipart = async function* (prefix, { signal } = {}) {
      throwIfAborted(signal)
      checkPrefix(prefix)
      const open = [...uploads.values()].filter((upload) => upload.key.startsWith(prefix))
      for (const { key, uploadId, initiatedMs } of open.sort((a, b) => compareKeys(a.key, b.key))) {
        throwIfAborted(signal)
        yield Object.freeze({
          key,
          uploadId,
          initiated: new Date(initiatedMs),
        })
      }
    }
  }

  return Object.freeze(store)
}

/** The bytes of the listed parts. The server's own look at them: a caller's `sizeBytes` is not believed. */
function partsOf(upload: Upload, parts: readonly Part[], limits: MultipartLimits): Bytes[] {
  const { key, uploadId } = upload
  const stored = parts.map(({ partNumber, etag }) => {
    const part = upload.parts.get(partNumber)
    if (part?.etag === etag) return { partNumber, etag, bytes: part.bytes }
    throw new SluiceError(
      'invalid-options',
      `"${key}": part ${partNumber} was not received with this ETag`,
      { key, uploadId },
    )
  })
  const sized = stored.map((part) => ({
    ...part,
    sizeBytes: part.bytes.byteLength,
  }))
  checkParts(key, sized, limits)
  return stored.map((part) => part.bytes)
}

function sizeOf(body: Bytes | Blob): number {
  return body instanceof Blob ? body.size : body.byteLength
}

/** Bytes are copied before the first await: the caller may use its buffer again as soon as the call returned. */
async function copyOf(body: Bytes | Blob): Promise<Bytes> {
  return body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body.slice()
}
