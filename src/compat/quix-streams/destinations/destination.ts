import type { CallOptions, Store } from '../../../contracts/index.ts'

/** Where files go, and how one finds out whether they can: `s3Destination()`, or any store by itself. */
export interface Destination {
  readonly store: Store
  /** Rejects when nothing can be written there. It is asked before anything else is. */
  check(options?: CallOptions): Promise<void>
}

export function destinationOf(given: Destination | Store): Destination {
  return 'store' in given ? given : { store: given, check: async () => {} }
}
