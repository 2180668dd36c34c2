import type { Store } from '../../contracts/index.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { StoreWatch } from './model-store.ts'
import type { Oracle } from './oracle.ts'
import type { Plan } from './plan.ts'
import type { Owner } from './scheduler.ts'

/** Parts and whole objects of one sink that are on their way at once. */
const MAX_BODIES_IN_FLIGHT = 5

/** What the oracle wants to know of the store. */
export function watchStore(
  oracle: Oracle,
  { capabilities, disk }: Plan,
  inner: () => Store,
  onNamed: (by: Owner) => void,
): StoreWatch {
  const parts = new Map<string, Uint8Array>()
  const held = new Map<string, { bytes: number; bodies: number }>()
  const { multipart } = capabilities
  const most = multipart
    ? (MAX_BODIES_IN_FLIGHT + 1) * (multipart.maxPartBytes ?? 0)
    : Number.POSITIVE_INFINITY
  return {
    async visible(key, by) {
      if (await oracle.files.appeared(key, inner())) onNamed(by)
    },
    deleted: (keys) => oracle.files.vanished(keys),
    created: (token, by) => oracle.uploads.created(token, by),
    // One that is given up may arrive behind the one that is sent in its place.
    sends({ key, uploadId }, partNumber, body) {
      if (body instanceof Blob) return
      const before = parts.get(`${uploadId} ${partNumber}`)
      parts.set(`${uploadId} ${partNumber}`, body.slice())
      if (!before || equalBytes(before, body)) return
      oracle.fail(`part ${partNumber} of ${key} is sent again with other bytes`)
    },
    told: (uploadId) => oracle.uploads.told(uploadId),
    // Where a call of the log is one atom, its answer may come when the next owner has begun already.
    aborts: (uploadId, by) => {
      if (disk) oracle.uploads.aborts(uploadId, by)
    },
    holds({ name }, bytes, bodies) {
      const now = held.get(name) ?? { bytes: 0, bodies: 0 }
      now.bytes += bytes
      now.bodies += bodies
      held.set(name, now)
      if (now.bytes > most || now.bodies > MAX_BODIES_IN_FLIGHT) {
        oracle.fail(`${name} has ${now.bodies} bodies on their way, and ${now.bytes} bytes`)
      }
    },
  }
}
