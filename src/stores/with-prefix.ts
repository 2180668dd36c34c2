import type {
  CallOptions,
  GetResult,
  MultipartToken,
  MultipartUpload,
  ObjectInfo,
  Prefix,
  Store,
} from '../contracts/index.ts'
import { isSluiceError } from '../core/errors.ts'
import { checkKey, checkPrefix } from '../core/keys.ts'
import { renamedKey } from '../core/renamed-key.ts'
import { getResult } from './get-result.ts'

/**
 * The part of a store whose keys begin with `prefix`, as a store of its own: the prefix is put before every key that
 * goes in, and taken off every key that comes out, in results, listings, tokens, and errors and their messages. The cause
 * of such an error is the base's own, with the whole key.
 *
 * Guaranteed: what the base guarantees, with its capabilities and its missing verbs; no key reaches what lies outside
 * the prefix. Not guaranteed: keys of 1,024 bytes, since the prefix counts.
 *
 * @param prefix Any beginning of a key. For a folder, end it with a slash: `withPrefix(store, 'team-a/')`.
 */
export function withPrefix(base: Store, prefix: string): Store {
  checkPrefix(prefix)

  /** The base's key for ours. Ours is checked by itself: an empty one would name the prefix. */
  function inner(key: string): string {
    checkKey(key)
    return prefix + key
  }

  function innerPrefix(within: string): string {
    checkPrefix(within)
    return prefix + within
  }

  function outer(key: string): string {
    return key.startsWith(prefix) ? key.slice(prefix.length) : key
  }

  /** `about` is what the base was asked for, where its error names no key. */
  function outerError(error: unknown, about?: string): unknown {
    if (!isSluiceError(error)) return error
    const named = error.key ?? about
    return named?.startsWith(prefix) ? renamedKey(error, named, outer(named)) : error
  }

  /** Awaits the base and nothing else: what our own checks throw has our key already, which may begin like the prefix. */
  async function call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw outerError(error)
    }
  }

  async function* iterate<T>(about: string, run: () => AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* run()
    } catch (error) {
      throw outerError(error, about)
    }
  }

  function outerEntry(entry: ObjectInfo | Prefix): ObjectInfo | Prefix {
    return entry.kind === 'prefix'
      ? { ...entry, prefix: outer(entry.prefix) }
      : { ...entry, key: outer(entry.key) }
  }

  function outerResult({ body, ...info }: GetResult): GetResult {
    const reader = body.getReader()
    const source = {
      next: async () => (await call(() => reader.read())).value,
      close: () => call(() => reader.cancel()),
    }
    // The base minds the signal itself.
    return getResult({ ...info, key: outer(info.key) }, source, undefined)
  }

  function outerUpload(upload: MultipartUpload): MultipartUpload {
    const { uploadId } = upload
    const key = outer(upload.key)
    const listParts = upload.listParts?.bind(upload)
    return {
      key,
      uploadId,
      putPart: (partNumber, body, options) => call(() => upload.putPart(partNumber, body, options)),
      complete: (parts, options) => call(() => upload.complete(parts, options)),
      abort: (options) => call(() => upload.abort(options)),
      ...(listParts && {
        listParts: (options?: CallOptions) => iterate(inner(key), () => listParts(options)),
      }),
      toJSON: () => ({ ...upload.toJSON(), key }),
    }
  }

  const store: Store = {
    kind: base.kind,
    capabilities: base.capabilities,
    async put(key, body, options) {
      const theirs = inner(key)
      return call(() => base.put(theirs, body, options))
    },
    async get(key, options) {
      const theirs = inner(key)
      const found = await call(() => base.get(theirs, options))
      return found && outerResult(found)
    },
    async head(key, options) {
      const theirs = inner(key)
      const found = await call(() => base.head(theirs, options))
      return found && { ...found, key: outer(found.key) }
    },
    async *list(options = {}) {
      const { startAfter } = options
      const within = innerPrefix(options.prefix ?? '')
      const theirs = {
        ...options,
        prefix: within,
        startAfter: startAfter === undefined ? undefined : prefix + startAfter,
      }
      for await (const entry of iterate(within, () => base.list(theirs))) yield outerEntry(entry)
    },
    async delete(keys, options) {
      const theirs = typeof keys === 'string' ? inner(keys) : [...keys].map(inner)
      const { deleted, failed } = await call(() => base.delete(theirs, options))
      const ours = failed.map(({ key, error }) => ({
        key: outer(key),
        error: outerError(error) as Error,
      }))
      return { deleted, failed: ours }
    },
  }

  // Bound, so that a base whose verbs use `this` keeps it.
  const copy = base.copy?.bind(base)
  if (copy) {
    store.copy = async (from, to, options) => {
      const [source, target] = [inner(from), inner(to)]
      return call(() => copy(source, target, options))
    }
  }

  const compose = base.compose?.bind(base)
  if (compose) {
    store.compose = async (sources, to, options) => {
      const theirs = sources.map((source) => ({ ...source, key: inner(source.key) }))
      const target = inner(to)
      return call(() => compose(theirs, target, options))
    }
  }

  const createMultipart = base.createMultipart?.bind(base)
  if (createMultipart) {
    store.createMultipart = async (key, options) => {
      const theirs = inner(key)
      return outerUpload(await call(() => createMultipart(theirs, options)))
    }
  }

  const resumeMultipart = base.resumeMultipart?.bind(base)
  if (resumeMultipart) {
    store.resumeMultipart = ({ key, ...token }: MultipartToken) => {
      const theirs = inner(key)
      try {
        return outerUpload(resumeMultipart({ ...token, key: theirs }))
      } catch (error) {
        throw outerError(error)
      }
    }
  }

  const listMultipart = base.listMultipart?.bind(base)
  if (listMultipart) {
    store.listMultipart = async function* (within, options) {
      const theirs = innerPrefix(within)
      for await (const upload of iterate(theirs, () => listMultipart(theirs, options))) {
        yield { ...upload, key: outer(upload.key) }
      }
    }
  }

  return store
}
