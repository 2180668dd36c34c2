import type {
  Bytes,
  CallOptions,
  Clock,
  GetOptions,
  MultipartToken,
  MultipartUpload,
  Store,
} from '../contracts/index.ts'
import { toHex } from './bytes.ts'
import { systemClock } from './clock.ts'
import { anySignal, asSluiceError, isSluiceError, SluiceError } from './errors.ts'

/** The verbs that are tried. Of what is read only the body counts. */
export interface TriedStore extends Omit<Store, 'kind' | 'get' | 'head'> {
  get(
    key: string,
    options?: GetOptions,
  ): Promise<{ readonly body: ReadableStream<Bytes> } | undefined>
}

export interface ScratchOptions extends CallOptions {
  /** What every key that is written begins with. Default: nothing. */
  readonly prefix?: string | undefined
  /** After this the work ends with `timeout`. Default 2 minutes. */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** Keys of one's own in somebody's store, for a while. */
export interface Scratch {
  /** Fires at the caller's signal, and when the time is up. */
  readonly signal: AbortSignal
  /** What all its keys begin with; nobody else's does. */
  readonly prefix: string
  /** A key that nothing is under. */
  newKey(): string
  /** Begins an upload. */
  upload(key: string): Promise<MultipartUpload>
}

export interface Scratched<T> {
  readonly result: T
  /** Why something that was written may still be there. */
  readonly remains: SluiceError | undefined
}

const TIMEOUT_MS = 120_000
const CLEAN_UP_MS = 30_000
const CLEAN_UP_ROUNDS = 3

/**
 * Lets `work` write, and then takes away whatever it wrote, and ends what it began: also when it fails, and when it was aborted, without
 * the caller's signal then, since an interruption is no reason to leave something behind. Bounded in time, and so is that.
 *
 * Not guaranteed: that a write which is still on its way, after its call was aborted, does not land behind the cleaning; that an
 * upload whose creation got no answer is found where uploads cannot be listed.
 */
export async function inScratch<T>(
  store: TriedStore,
  options: ScratchOptions,
  work: (scratch: Scratch) => Promise<T>,
): Promise<Scratched<T>> {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS } = options
  const name = toHex(crypto.getRandomValues(new Uint8Array(16)))
  const prefix = `${options.prefix ?? ''}.sluice-probe-${name}-`
  const keys: string[] = []
  const uploads: MultipartUpload[] = []

  const endUploads = async (suspects: readonly string[], signal: AbortSignal): Promise<void> => {
    for (const upload of uploads) await upload.abort({ signal })
    const unheardOf: MultipartToken[] = []
    try {
      for (const key of suspects) {
        for await (const token of store.listMultipart?.(key, { signal }) ?? [])
          unheardOf.push(token)
      }
    } catch {
      // Where they cannot be listed none is found.
    }
    for (const token of unheardOf) await store.resumeMultipart?.(token).abort({ signal })
  }
  const deleteKeys = async (signal: AbortSignal): Promise<void> => {
    for (let round = 1; ; round++) {
      const { failed } = await store.delete(keys, { signal })
      if (failed[0]) throw failed[0].error
      const listed = await firstKey(store, prefix, signal)
      if (listed === undefined) return
      if (round === CLEAN_UP_ROUNDS) {
        throw new SluiceError('protocol', `"${listed}" is still listed after it was deleted`, {
          key: listed,
        })
      }
    }
  }
  /** @param suspects Beginnings of keys under which an upload may be open that nobody has heard of. MinIO lists by whole keys. */
  const cleanUp = async (suspects: readonly string[], signal: AbortSignal): Promise<void> => {
    // Whatever becomes of the uploads, objects are no less to be deleted.
    const ends = await Promise.allSettled([endUploads(suspects, signal), deleteKeys(signal)])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
  const cleaned = (suspects: readonly string[]): Promise<SluiceError | undefined> =>
    failureOf(limited(clock, CLEAN_UP_MS, undefined, (signal) => cleanUp(suspects, signal)))

  try {
    const result = await limited(clock, timeoutMs, options.signal, (signal) =>
      work({
        signal,
        prefix,
        newKey() {
          keys.push(`${prefix}${keys.length}`)
          return keys.at(-1) as string
        },
        async upload(key) {
          const create = store.createMultipart?.bind(store)
          if (!create) throw new SluiceError('not-supported', 'It has no uploads in parts', { key })
          const upload = await create(key, { signal })
          uploads.push(upload)
          return upload
        },
      }),
    )
    return { result, remains: await cleaned([prefix]) }
  } catch (error) {
    await cleaned(keys)
    throw error
  }
}

async function firstKey(
  store: TriedStore,
  prefix: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    for await (const entry of store.list({ prefix, signal })) {
      if (entry.kind === 'object') return entry.key
    }
  } catch (error) {
    // Whoever may delete and not list has deleted.
    if (!isSluiceError(error, 'permission-denied')) throw error
  }
  return undefined
}

async function limited<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const stop = clock.schedule(clock.now() + ms, () =>
    limit.abort(new DOMException(`${ms} ms have passed`, 'TimeoutError')),
  )
  try {
    return await work(anySignal(limit.signal, signal))
  } finally {
    stop()
  }
}

async function failureOf(work: Promise<void>): Promise<SluiceError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return asSluiceError(error, 'protocol', 'What was written could not be taken away')
  }
}
