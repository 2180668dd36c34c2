import type {
  GetResult,
  MultipartToken,
  MultipartUpload,
  ObjectInfo,
  Prefix,
  Store,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { checkKey, checkPrefix } from '../core/keys.ts'

/**
 * The part of a store whose keys begin with `prefix`, as a store of its own: the prefix is put before every key that
 * goes in, and taken off every key that comes out, in results, listings, tokens and errors.
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

  function outer(key: string): string {
    return key.startsWith(prefix) ? key.slice(prefix.length) : key
  }

  function outerError(error: unknown): unknown {
    if (!isSluiceError(error) || !error.key?.startsWith(prefix)) return error
    const { code, message, ...details } = error
    return new SluiceError(code, message, { ...details, key: outer(error.key), cause: error })
  }

  async function call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw outerError(error)
    }
  }

  async function* iterate<T>(run: () => AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* run()
    } catch (error) {
      throw outerError(error)
    }
  }

  function outerEntry(entry: ObjectInfo | Prefix): ObjectInfo | Prefix {
    return entry.kind === 'prefix'
      ? { ...entry, prefix: outer(entry.prefix) }
      : { ...entry, key: outer(entry.key) }
  }

  function outerResult(found: GetResult): GetResult {
    return {
      ...found,
      key: outer(found.key),
      body: found.body,
      bytes: () => call(() => found.bytes()),
      text: () => call(() => found.text()),
    }
  }

  function outerUpload(upload: MultipartUpload): MultipartUpload {
    const { uploadId } = upload
    const key = outer(upload.key)
    return {
      key,
      uploadId,
      putPart: (partNumber, body, options) => call(() => upload.putPart(partNumber, body, options)),
      complete: (parts, options) => call(() => upload.complete(parts, options)),
      abort: (options) => call(() => upload.abort(options)),
      toJSON: () => ({ key, uploadId }),
    }
  }

  const store: Store = {
    kind: base.kind,
    capabilities: base.capabilities,
    put: (key, body, options) => call(async () => base.put(inner(key), body, options)),
    get: (key, options) =>
      call(async () => {
        const found = await base.get(inner(key), options)
        return found && outerResult(found)
      }),
    head: (key, options) =>
      call(async () => {
        const found = await base.head(inner(key), options)
        return found && { ...found, key: outer(found.key) }
      }),
    async *list(options = {}) {
      const { prefix: within = '', startAfter } = options
      checkPrefix(within)
      const listing = iterate(() =>
        base.list({
          ...options,
          prefix: prefix + within,
          startAfter: startAfter === undefined ? undefined : prefix + startAfter,
        }),
      )
      for await (const entry of listing) yield outerEntry(entry)
    },
    delete: (keys, options) =>
      call(async () => {
        const ours = typeof keys === 'string' ? [keys] : [...keys]
        const { deleted, failed } = await base.delete(ours.map(inner), options)
        return {
          deleted,
          failed: failed.map(({ key, error }) => ({
            key: outer(key),
            error: outerError(error) as Error,
          })),
        }
      }),
  }

  // Bound, so that a base whose verbs use `this` keeps it.
  const copy = base.copy?.bind(base)
  if (copy)
    store.copy = (from, to, options) => call(async () => copy(inner(from), inner(to), options))

  const compose = base.compose?.bind(base)
  if (compose) {
    store.compose = (sources, to, options) =>
      call(async () => {
        const ours = sources.map((source) => ({ ...source, key: inner(source.key) }))
        return compose(ours, inner(to), options)
      })
  }

  const createMultipart = base.createMultipart?.bind(base)
  if (createMultipart) {
    store.createMultipart = (key, options) =>
      call(async () => outerUpload(await createMultipart(inner(key), options)))
  }

  const resumeMultipart = base.resumeMultipart?.bind(base)
  if (resumeMultipart) {
    store.resumeMultipart = ({ key, uploadId }: MultipartToken) =>
      outerUpload(resumeMultipart({ key: inner(key), uploadId }))
  }

  const listMultipart = base.listMultipart?.bind(base)
  if (listMultipart) {
    store.listMultipart = async function* (within, options) {
      checkPrefix(within)
      for await (const upload of iterate(() => listMultipart(prefix + within, options))) {
        yield { ...upload, key: outer(upload.key) }
      }
    }
  }

  return store
}
