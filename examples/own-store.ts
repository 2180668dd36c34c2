/** A store of one's own: the five verbs that a store must have, over a `Map` that stands for your database. */
import { type ObjectInfo, SluiceError, type Store } from 'sluice'
import * as rules from 'sluice/stores'

type Entry = { readonly info: ObjectInfo; readonly bytes: Uint8Array<ArrayBuffer> }

export function ownStore(database: Map<string, Entry> = new Map()): Store {
  return {
    kind: 'own',
    capabilities: { ...rules.plainCapabilities, maxPutBytes: 25_000_000 },
    async put(key, body, options = {}) {
      rules.throwIfAborted(options.signal)
      rules.checkKey(key)
      rules.refuseConditions(key, options, 'put')
      const headers = rules.checkHeaders(key, options)
      const bytes = new Uint8Array(await new Blob([body]).arrayBuffer())
      const sizeBytes = bytes.byteLength
      rules.checkSize(key, sizeBytes, this.capabilities.maxPutBytes, 'the body')
      const [etag, lastModified] = [crypto.randomUUID(), new Date()]
      const info: ObjectInfo = { ...headers, kind: 'object', key, etag, sizeBytes, lastModified }
      database.set(key, { info, bytes })
      return { etag }
    },
    async get(key, { range, ifMatch, signal } = {}) {
      rules.throwIfAborted(signal)
      rules.checkKey(key)
      rules.refuseRange(key, range)
      const found = database.get(key)
      if (found && ifMatch !== undefined && ifMatch !== found.info.etag) {
        throw new SluiceError('precondition-failed', `"${key}" is another version`, { key })
      }
      const chunks = [found?.bytes.slice()]
      return found && rules.getResult(found.info, { next: async () => chunks.shift() }, signal)
    },
    async head(key, { signal } = {}) {
      rules.throwIfAborted(signal)
      rules.checkKey(key)
      return database.get(key)?.info
    },
    async *list(options = {}) {
      rules.checkPrefix(options.prefix ?? '')
      for (const entry of rules.selectKeys(database.keys(), options)) {
        rules.throwIfAborted(options.signal)
        const found = typeof entry === 'string' ? database.get(entry)?.info : entry
        if (found) yield found
      }
    },
    async delete(keys, { signal } = {}) {
      rules.throwIfAborted(signal)
      const doomed = typeof keys === 'string' ? [keys] : [...keys]
      for (const key of doomed) rules.checkKey(key)
      for (const key of doomed) database.delete(key)
      return { deleted: doomed.length, failed: [] }
    },
  }
}
