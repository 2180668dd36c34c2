import type { Store } from '../contracts/index.ts'
import { inScratch, type ScratchOptions } from '../core/scratch.ts'
import { type StoreTrials, type TrialOptions, tryStore } from '../core/try-store.ts'
import { checkConditions, refuseRange } from './check-options.ts'
import { checkedUpload } from './checked-upload.ts'

export type { Trial, TrialName } from '../core/try-store.ts'

export interface ProbeOptions extends ScratchOptions, TrialOptions {}

/**
 * The same store with the capabilities found by trying: what it claims and does not do is denied from then on, and refused before it is
 * sent. A condition that is ignored is found by what it should have refused. Wrappers around the result pass it on.
 *
 * It writes some small objects and, with `unequalParts`, 10 MiB, under keys of its own below `prefix`, and takes all of it away
 * again, also when it fails or is aborted (`inScratch` says what no one can promise).
 *
 * Not found here: what the store denies of itself, since it refuses it. `probeBucket` of `sluice/s3/probe` finds that of a bucket.
 *
 * Errors: what the first plain write fails with; whatever gives no answer, such as `network` and `unavailable`; `timeout` after
 * `timeoutMs`; and what kept it from taking away what it wrote.
 */
export async function probe(store: Store, options: ProbeOptions = {}): Promise<Store> {
  const { result, remains } = await inScratch(store, options, (scratch) =>
    tryStore(store, scratch, options),
  )
  if (remains) throw remains
  return narrowed(store, result)
}

function narrowed(base: Store, { capabilities, conditionalCopy }: StoreTrials): Store {
  const { conditionalPut, conditionalComplete, rangeGet, multipart } = capabilities
  const copy = capabilities.copy && base.copy?.bind(base)
  const compose = capabilities.compose && base.compose?.bind(base)
  const createMultipart = base.createMultipart?.bind(base)
  const resumeMultipart = base.resumeMultipart?.bind(base)
  const listMultipart = capabilities.listUploads && base.listMultipart?.bind(base)
  return {
    kind: base.kind,
    capabilities,
    async put(key, body, options = {}) {
      checkConditions(key, options, conditionalPut, 'put')
      return base.put(key, body, options)
    },
    async get(key, options = {}) {
      if (!rangeGet) refuseRange(key, options.range)
      return base.get(key, options)
    },
    head: (key, options) => base.head(key, options),
    list: (options) => base.list(options),
    delete: (keys, options) => base.delete(keys, options),
    ...(copy && {
      copy: async (from, to, options = {}) => {
        checkConditions(to, options, conditionalCopy, 'copy')
        return copy(from, to, options)
      },
    }),
    ...(compose && {
      compose: async (sources, to, options = {}) => {
        checkConditions(to, options, conditionalCopy, 'compose')
        return compose(sources, to, options)
      },
    }),
    ...(multipart &&
      createMultipart && {
        createMultipart: async (key, options) =>
          checkedUpload(await createMultipart(key, options), multipart, conditionalComplete),
      }),
    ...(multipart &&
      resumeMultipart && {
        resumeMultipart: (token) =>
          checkedUpload(resumeMultipart(token), multipart, conditionalComplete),
      }),
    ...(listMultipart && { listMultipart }),
  } satisfies Store
}
