import type { Store } from '../contracts/index.ts'
import { checkRange } from '../core/check-range.ts'
import { SluiceError, throwIfAborted } from '../core/errors.ts'
import { checkKey, checkPrefix } from '../core/keys.ts'
import { checkConditions, checkHeaders, checkSize, refuseRange } from './check-options.ts'

/** The verbs that a store must have. */
export type PlainStore = Pick<
  Store,
  'kind' | 'capabilities' | 'put' | 'get' | 'head' | 'list' | 'delete'
>

/**
 * A store of one's own with the part of the contract around it that is the same for every store: keys, headers, sizes and
 * ranges that nobody may use are refused before the store is asked, and so are options that its `capabilities` deny and calls
 * whose signal has fired; `ifMatch` on `get` is compared with what was found. The store gets headers without absent ones, a
 * list of keys to delete that names each once, and need check none of it.
 */
export function withChecks(store: PlainStore): PlainStore {
  const { kind, capabilities } = store
  return {
    kind,
    capabilities,
    async put(key, body, { ifNoneMatch, ifMatch, signal, ...headers } = {}) {
      throwIfAborted(signal)
      checkKey(key)
      const conditions = { ifNoneMatch, ifMatch }
      checkConditions(key, conditions, capabilities.conditionalPut, 'put')
      const bytes = body instanceof Blob ? body.size : body.byteLength
      checkSize(key, bytes, capabilities.maxPutBytes, 'the body')
      return store.put(key, body, { ...checkHeaders(key, headers), ...conditions, signal })
    },
    async get(key, options = {}) {
      const { range, ifMatch, signal } = options
      throwIfAborted(signal)
      checkKey(key)
      checkRange(key, range)
      if (!capabilities.rangeGet) refuseRange(key, range)
      const found = await store.get(key, options)
      if (found === undefined || ifMatch === undefined || found.etag === ifMatch) return found
      await found.body.cancel()
      throw new SluiceError('precondition-failed', `"${key}" is another version`, { key })
    },
    async head(key, options = {}) {
      throwIfAborted(options.signal)
      checkKey(key)
      return store.head(key, options)
    },
    async *list(options = {}) {
      checkPrefix(options.prefix ?? '')
      throwIfAborted(options.signal)
      for await (const entry of store.list(options)) {
        yield entry
        throwIfAborted(options.signal)
      }
    },
    async delete(keys, options = {}) {
      throwIfAborted(options.signal)
      const doomed = [...new Set(typeof keys === 'string' ? [keys] : keys)]
      for (const key of doomed) checkKey(key)
      return store.delete(doomed, options)
    },
  }
}
