import type {
  Awaitable,
  ErrorCode,
  MultipartLimits,
  StoreCapabilities,
  WriteConditions,
} from '../contracts/index.ts'
import { equalBytes, utf8 } from './bytes.ts'
import { isSluiceError, SluiceError, throwIfAborted } from './errors.ts'
import type { Scratch, TriedStore } from './scratch.ts'
import { collectBytes } from './streams.ts'

export type TrialName =
  | 'write'
  | 'read'
  | 'conditional put'
  | 'multipart'
  | 'conditional complete'
  | 'copy'
  | 'conditional copy'
  | 'compose'
  | 'list uploads'
  | 'unequal parts'

/** What came of trying one thing. */
export interface Trial<Name extends string = TrialName> {
  readonly name: Name
  readonly works: boolean
  /** In words: what was seen, or why it does not work. */
  readonly found: string
  /** Why it does not work. */
  readonly code?: ErrorCode | undefined
}

export interface TrialOptions<Name extends string = TrialName> {
  /**
   * Whether uploads of unequal parts are tried, which sends two parts of the least size: 10 MiB to most. Default `true`. Where they
   * are not, what the store says of itself stands.
   */
  readonly unequalParts?: boolean | undefined
  /** Called as soon as each is known, and waited for. */
  readonly onTrial?: ((trial: Trial<Name>) => Awaitable<void>) | undefined
}

export interface StoreTrials {
  readonly capabilities: StoreCapabilities
  /** Whether `copy` honours conditions, of which no capability speaks. */
  readonly conditionalCopy: boolean
}

const ONE = utf8('one: to be deleted at once\n')
const TWO = utf8('two: to be deleted at once\n')
const ANOTHER_ETAG = '00000000000000000000000000000000'
/** A least part that is larger is not worth an answer. */
const MOST_PART_BYTES = 8 * 1024 ** 2

/** After these nothing is known of what was tried. */
const NO_ANSWER: ReadonlySet<string> = new Set([
  'aborted',
  'timeout',
  'unauthenticated',
  'clock-skew',
])

/** Runs one trial: what the other side refuses does not work, and any other failure is the caller's. */
export async function runTrial<Name extends string>(
  name: Name,
  { signal }: Pick<Scratch, 'signal'>,
  { onTrial }: TrialOptions<Name>,
  run: () => Promise<string>,
): Promise<boolean> {
  let trial: Trial<Name>
  try {
    trial = { name, works: true, found: await run() }
  } catch (error) {
    throwIfAborted(signal)
    if (!isSluiceError(error) || error.retryable || NO_ANSWER.has(error.code)) throw error
    trial = { name, works: false, found: error.message, code: error.code }
  }
  await onTrial?.(trial)
  return trial.works
}

/**
 * Finds out what a store can do by doing it: a condition counts as honoured when it is refused where it does not hold, and taken
 * where it does. Some 50 calls. What a store denies of itself it refuses here too, and so stays denied.
 *
 * Rejects with what the first plain write fails with, and when no answer is to be had.
 */
export async function tryStore(
  store: TriedStore,
  scratch: Scratch,
  options: TrialOptions = {},
): Promise<StoreTrials> {
  const { signal } = scratch
  const trial = (name: TrialName, run: () => Promise<string>): Promise<boolean> =>
    runTrial(name, scratch, options, run)
  const existing = scratch.newKey()
  let { etag } = await store.put(existing, ONE, { signal })
  await trial('write', async () => 'an object was written')

  const rangeGet = await trial('read', async () => {
    const found = await store.get(existing, { range: { start: 5, end: 10 }, signal })
    if (!found || !equalBytes(await collectBytes(found.body, 1024), ONE.subarray(5, 10))) {
      throw new SluiceError('protocol', 'what was written does not come back, or not in ranges')
    }
    return 'the object comes back, and in ranges'
  })

  const conditionalPut = await trial('conditional put', async () => {
    const put = (key: string) => (conditions: WriteConditions) =>
      store.put(key, TWO, { ...conditions, signal })
    await honoured('a put', put(existing), etag)
    await put(scratch.newKey())({ ifNoneMatch: '*' })
    return 'If-None-Match and If-Match are honoured'
  })

  const multipart = await trial('multipart', async () => {
    const upload = await scratch.upload(scratch.newKey())
    await upload.complete([await upload.putPart(1, ONE, { signal })], { signal })
    return 'an upload in parts was completed'
  })

  const conditionalComplete =
    multipart &&
    (await trial('conditional complete', async () => {
      // An upload each: some servers end one whose condition did not hold.
      const complete = (key: string) => async (conditions: WriteConditions) => {
        const upload = await scratch.upload(key)
        const part = await upload.putPart(1, TWO, { signal })
        return upload.complete([part], { ...conditions, signal })
      }
      etag = (await store.put(existing, ONE, { signal })).etag
      await honoured('a completion', complete(existing), etag)
      await complete(scratch.newKey())({ ifNoneMatch: '*' })
      return 'If-None-Match and If-Match are honoured'
    }))

  const listUploads =
    multipart &&
    store.listMultipart !== undefined &&
    (await trial('list uploads', async () => {
      const { uploadId } = await scratch.upload(scratch.newKey())
      for await (const open of store.listMultipart?.(scratch.prefix, { signal }) ?? []) {
        if (open.uploadId === uploadId) return 'open uploads are found by a prefix'
      }
      throw new SluiceError('not-supported', 'an open upload is not found by a prefix of its key')
    }))

  const copyVerb = store.copy?.bind(store)
  const copy =
    copyVerb !== undefined &&
    (await trial('copy', async () => {
      await copyVerb(existing, scratch.newKey(), { signal })
      return 'an object was copied on the server'
    }))

  const conditionalCopy =
    copyVerb !== undefined &&
    copy &&
    (await trial('conditional copy', async () => {
      const target = scratch.newKey()
      const written = await store.put(target, ONE, { signal })
      const copyTo = (key: string) => (conditions: WriteConditions) =>
        copyVerb(existing, key, { ...conditions, signal })
      await honoured('a copy', copyTo(target), written.etag)
      await copyTo(scratch.newKey())({ ifNoneMatch: '*' })
      return 'If-None-Match and If-Match are honoured'
    }))

  const composeVerb = store.compose?.bind(store)
  const compose =
    composeVerb !== undefined &&
    (await trial('compose', async () => {
      await composeVerb([{ key: existing }], scratch.newKey(), { signal })
      return 'an object was made of another on the server'
    }))

  const { multipart: limits } = store.capabilities
  const wantsEqualParts = async ({
    minPartBytes,
    equalParts,
  }: MultipartLimits): Promise<boolean> => {
    const leastBytes = Math.max(1, minPartBytes)
    if (equalParts || options.unequalParts === false || leastBytes > MOST_PART_BYTES) {
      return equalParts
    }
    return !(await trial('unequal parts', async () => {
      const bytes = new Uint8Array(leastBytes + 1)
      const upload = await scratch.upload(scratch.newKey())
      const parts = []
      for (const [i, size] of [leastBytes, leastBytes + 1, 1].entries()) {
        parts.push(await upload.putPart(i + 1, bytes.subarray(0, size), { signal }))
      }
      await upload.complete(parts, { signal })
      return 'parts of unequal size become an object'
    }))
  }

  return {
    capabilities: {
      ...store.capabilities,
      rangeGet,
      conditionalPut,
      conditionalComplete,
      copy,
      compose,
      listUploads,
      multipart: multipart && limits && { ...limits, equalParts: await wantsEqualParts(limits) },
    },
    conditionalCopy,
  }
}

/**
 * A condition that does not hold must be refused, and one that does must not: a provider that does not know one mostly ignores it,
 * and then overwrites.
 */
async function honoured(
  what: string,
  write: (conditions: WriteConditions) => Promise<unknown>,
  etag: string,
): Promise<void> {
  await refused(() => write({ ifNoneMatch: '*' }), `If-None-Match on ${what}`)
  await refused(() => write({ ifMatch: ANOTHER_ETAG }), `If-Match on ${what}`)
  await write({ ifMatch: etag })
}

async function refused(write: () => Promise<unknown>, condition: string): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (isSluiceError(error, 'precondition-failed')) return
    throw error
  }
  throw new SluiceError('not-supported', `${condition} is ignored: the object was replaced`)
}
