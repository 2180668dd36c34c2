import type { Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { abortCases } from './store-cases/abort.ts'
import { conditionCases } from './store-cases/conditions.ts'
import { copyCases } from './store-cases/copies.ts'
import { deleteCases } from './store-cases/deletes.ts'
import { headerCases } from './store-cases/headers.ts'
import { keyCases } from './store-cases/keys.ts'
import { listCases } from './store-cases/lists.ts'
import { multipartCases } from './store-cases/multipart.ts'
import { multipartEndCases } from './store-cases/multipart-end.ts'
import { objectCases } from './store-cases/objects.ts'
import { rangeCases } from './store-cases/ranges.ts'
import type { StoreCase } from './store-cases/tools.ts'
import { uploadCases } from './store-cases/uploads.ts'

/** One test, for any runner: `test(name, run)`, or `test.skip` with the reason where `skip` is set. */
export interface SuiteCase {
  readonly name: string
  /** Why it is not to be run. */
  readonly skip?: string | undefined
  /** Rejects when the contract does not hold. */
  run(): Promise<void>
}

/** A store for one case. */
export interface StoreUnderTest {
  /** Empty, and nobody else's while the case runs. A new prefix in a shared bucket will do. */
  readonly store: Store
  /** Called after the case, whether it passed or not. */
  close?(): Promise<void>
}

export interface StoreSuiteOptions {
  /** Called once for each case. */
  create(): Promise<StoreUnderTest>
  /** The longest key in bytes of UTF-8, where the store lies under a prefix. Default 1,024. */
  readonly maxKeyBytes?: number | undefined
  /**
   * Cases that the server behind the store is known to fail, by name, with the reason. They are skipped and say so.
   * A name that no case has is refused.
   */
  readonly exceptions?: Readonly<Record<string, string>> | undefined
}

/**
 * The Store contract as tests. A store that passes may stand wherever one is asked for.
 *
 * Capabilities decide what is tested: where the store says that it lacks one, the case checks instead that the verb is
 * absent, or that the option is refused with `not-supported` and nothing was written. Hence a store cannot pass by
 * ignoring an option.
 *
 * With S3's limits the multipart cases send parts of 5 MiB, some 150 MiB in all. Times that the store gives must be within 15
 * minutes of this machine's clock.
 *
 * ```ts
 * for (const { name, skip, run } of storeSuite({ create: async () => ({ store: myStore() }) })) {
 *   test(name, { skip }, run)
 * }
 * ```
 */
export function storeSuite(options: StoreSuiteOptions): readonly SuiteCase[] {
  const { create, exceptions = {}, maxKeyBytes = 1024 } = options
  const names = new Set(CASES.map((storeCase) => storeCase.name))
  for (const name of Object.keys(exceptions)) {
    if (names.has(name)) continue
    throw new SluiceError('invalid-options', `The store suite has no case named "${name}"`)
  }
  return CASES.map((storeCase) => ({
    name: storeCase.name,
    skip: exceptions[storeCase.name],
    async run() {
      const { store, close } = await create()
      try {
        await storeCase.run(store, { maxKeyBytes })
      } finally {
        await close?.()
      }
    },
  }))
}

const CASES: readonly StoreCase[] = [
  ...objectCases,
  ...headerCases,
  ...rangeCases,
  ...listCases,
  ...keyCases,
  ...conditionCases,
  ...deleteCases,
  ...copyCases,
  ...multipartCases,
  ...multipartEndCases,
  ...uploadCases,
  ...abortCases,
]
