import type { Store } from '../../contracts/index.ts'
import type { StoreWatch } from './model-store.ts'
import type { Oracle } from './oracle.ts'
import type { Plan } from './plan.ts'

/** Parts of one object that are on their way at once. */
const MAX_PARTS_IN_FLIGHT = 4

/** What the oracle wants to know of the store. */
export function watchStore(
  oracle: Oracle,
  { capabilities, disk }: Plan,
  inner: () => Store,
): StoreWatch {
  const held = new Map<string, { bytes: number; parts: number }>()
  const { multipart } = capabilities
  const most = multipart
    ? (MAX_PARTS_IN_FLIGHT + 1) * (multipart.maxPartBytes ?? 0)
    : Number.POSITIVE_INFINITY
  return {
    visible: (key) => oracle.files.appeared(key, inner()),
    created: (token, by) => oracle.uploads.created(token, by),
    told: (uploadId) => oracle.uploads.told(uploadId),
    // Where a call of the log is one atom, its answer may come when the next owner has begun already.
    aborts: (uploadId, by) => {
      if (disk) oracle.uploads.aborts(uploadId, by)
    },
    holds({ name }, bytes, parts) {
      const now = held.get(name) ?? { bytes: 0, parts: 0 }
      now.bytes += bytes
      now.parts += parts
      held.set(name, now)
      if (now.bytes > most || now.parts > MAX_PARTS_IN_FLIGHT) {
        oracle.fail(`${name} has ${now.parts} parts on their way, and ${now.bytes} bytes`)
      }
    },
  }
}
