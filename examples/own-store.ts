/** A store of one's own: the five verbs that a store must have, over a `Map` that stands for your database. */
import type { ObjectInfo, Store } from 'sluice'
import { getResult, plainCapabilities, selectKeys, withChecks } from 'sluice/stores'

type Entry = { readonly info: ObjectInfo; readonly bytes: Uint8Array<ArrayBuffer> }

export function ownStore(database: Map<string, Entry> = new Map()): Store {
  return withChecks({
    kind: 'own',
    capabilities: { ...plainCapabilities, maxPutBytes: 25_000_000 },
    async put(key, body, { signal, ...headers } = {}) {
      const bytes = new Uint8Array(await new Blob([body]).arrayBuffer())
      const version = { etag: crypto.randomUUID(), lastModified: new Date() }
      const info = { ...headers, ...version, kind: 'object', key, sizeBytes: bytes.length } as const
      database.set(key, { info, bytes })
      return { etag: version.etag }
    },
    async get(key, { signal } = {}) {
      const found = database.get(key)
      const chunks = [found?.bytes.slice()]
      return found && getResult(found.info, { next: async () => chunks.shift() }, signal)
    },
    async head(key) {
      return database.get(key)?.info
    },
    async *list(options = {}) {
      for (const entry of selectKeys(database.keys(), options)) {
        const found = typeof entry === 'string' ? database.get(entry)?.info : entry
        if (found) yield found
      }
    },
    async delete(keys) {
      const deleted = [...keys]
      for (const key of deleted) database.delete(key)
      return { deleted: deleted.length, failed: [] }
    },
  })
}
