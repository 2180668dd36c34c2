import type { Rejected } from 'sluice'
import type { Reason } from '../messages.ts'

/** A file may be wrong in more places than anybody reads. */
const MAX_REASONS = 50

/** Rejections by the place in the record and the code, in the order of their first ones. */
export interface Reasons {
  add(rejected: Rejected): void
  list(): readonly Reason[]
}

export function reasons(): Reasons {
  const found = new Map<string, Reason>()
  return {
    add({ path, code, message, index }) {
      const key = `${code} ${path}`
      const known = found.get(key)
      if (known) found.set(key, { ...known, records: known.records + 1 })
      else if (found.size < MAX_REASONS) {
        found.set(key, { path, code, message, records: 1, first: index + 1 })
      }
    },
    list: () => [...found.values()],
  }
}
