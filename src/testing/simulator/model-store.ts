import type {
  Bytes,
  CallOptions,
  MultipartToken,
  MultipartUpload,
  Store,
} from '../../contracts/index.ts'
import { EMPTY } from '../../core/bytes.ts'
import { abortError, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { memoryStore } from '../../stores/memory.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import { listen, type Owner, type Scheduler } from './scheduler.ts'

export interface StoreWatch {
  /** An object was made, or made again. */
  visible(key: string, by: Owner): Promise<void>
  /** These are gone. */
  deleted(keys: readonly string[]): void
  created(token: MultipartToken, by: Owner): void
  /** The creation was answered to somebody who listened. */
  told(uploadId: string): void
  /** A part is on its way. */
  sends(token: MultipartToken, partNumber: number, body: Bytes | Blob): void
  /** Parts and whole objects of this process that are on their way. */
  holds(by: Owner, bytes: number, bodies: number): void
  /** It asks for that. */
  aborts(uploadId: string, by: Owner): void
}

interface Call<T> {
  readonly what: string
  readonly signal: AbortSignal | undefined
  readonly slow?: boolean
  /** What the server may say before the effect. */
  readonly refusals?: readonly SluiceError['code'][]
  readonly effect: () => Promise<T>
}

/** What fails before anything was done. */
const REFUSALS = ['slow-down', 'permission-denied', 'unavailable', 'timeout', 'network'] as const
/** Two writers met (409): it is to be asked again. */
const CONDITIONAL = [...REFUSALS, 'conflict', 'conflict'] as const
/** Who may not abort leaves the upload to the bucket's rule, and that is no leak. */
const OF_ABORTS = REFUSALS.filter((code) => code !== 'permission-denied')
/** What fails after all was done: the answer is lost, or is a 200 that says it is an error. */
const LOST = ['unavailable', 'timeout', 'network', 'protocol'] as const

/** What its sender says who waits no longer for it. */
const UNHEARD = ['timeout', 'network'] as const

const FAST_MS = 20
const SLOW_MS = 30_000
const OUTAGE_MS = 3_600_000

/**
 * A bucket as a distant one is: each call is a request that travels, has its effect at one moment, and an answer that travels back.
 * Each can fail before the effect, or after it, when the answer is lost or a `200` says that it is an error. A part can arrive when its sender has given
 * it up, and has sent it again.
 */
export class ModelStore {
  /** What is really there, uploads included, whatever the bucket lets its users see. */
  readonly inner: Store
  faultRate: number
  outageUntilMs = 0
  /** The ids of uploads that have expired, or were aborted. */
  readonly ended: Set<string> = new Set()
  readonly #plan: Plan
  readonly #random: Random
  /** Whether a part that has failed arrives all the same, and when. */
  readonly #late: Random
  readonly #scheduler: Scheduler
  readonly #watch: StoreWatch

  constructor(plan: Plan, random: Random, scheduler: Scheduler, watch: StoreWatch) {
    this.#plan = plan
    this.#random = random
    this.#late = random.fork('late')
    this.#scheduler = scheduler
    this.#watch = watch
    this.faultRate = plan.faultRate
    const clock = {
      ...scheduler.clockOf({ name: 'store', alive: true }),
      now: () => scheduler.nowMs,
    }
    this.inner = memoryStore({ capabilities: { ...plan.capabilities, listUploads: true }, clock })
  }

  heal(): void {
    this.faultRate = 0
    this.outageUntilMs = 0
  }

  startOutage(): void {
    this.outageUntilMs = this.#scheduler.elapsedMs + this.#random.fraction() * OUTAGE_MS
  }

  /** An upload that the bucket's lifecycle rule has ended. */
  async expireOne(): Promise<void> {
    const open: MultipartToken[] = []
    for await (const upload of this.inner.listMultipart?.('') ?? []) open.push(upload)
    if (open.length === 0) return
    const token = this.#random.pick(open)
    this.#scheduler.tell(undefined, `the upload of ${token.key} expires`)
    this.ended.add(token.uploadId)
    await this.inner.resumeMultipart?.(token).abort()
  }

  /** The bucket as one process sees it. */
  view(by: Owner): Store {
    const { inner } = this
    const { listUploads } = this.#plan.capabilities
    const call = <T>(of: Call<T>): Promise<T> => this.#call(by, of)
    const store: Store = {
      kind: 'model',
      capabilities: {
        ...inner.capabilities,
        listUploads: inner.capabilities.listUploads && listUploads !== false,
      },
      put: (key, body, { signal, ...options } = {}) =>
        this.#holding(by, key.includes('/_log/') ? EMPTY : body, () =>
          call({
            ...{
              what: `put ${key}`,
              signal,
              refusals: options.ifNoneMatch ? CONDITIONAL : REFUSALS,
            },
            effect: async () => {
              const result = await inner.put(key, body, options)
              await this.#watch.visible(key, by)
              return result
            },
          }),
        ),
      get: (key, { signal, ...options } = {}) =>
        call({ what: `get ${key}`, signal, effect: () => inner.get(key, options) }),
      head: (key, { signal } = {}) =>
        call({ what: `head ${key}`, signal, effect: () => inner.head(key) }),
      list: (options = {}) =>
        this.#list(by, `list ${options.prefix ?? ''}`, options, () =>
          inner.list({ ...options, signal: undefined }),
        ),
      delete: (keys, { signal } = {}) => {
        const doomed = typeof keys === 'string' ? [keys] : [...keys]
        return call({
          what: `delete ${doomed}`,
          signal,
          effect: () => {
            this.#watch.deleted(doomed)
            return inner.delete(doomed)
          },
        })
      },
    }
    if (inner.createMultipart) {
      store.createMultipart = async (key, { signal, ...options } = {}) => {
        const token = await call({
          ...{ what: `create upload ${key}`, signal },
          effect: async () => {
            const upload = await (inner.createMultipart as NonNullable<Store['createMultipart']>)(
              key,
              options,
            )
            this.#watch.created(upload.toJSON(), by)
            return upload.toJSON()
          },
        })
        this.#watch.told(token.uploadId)
        return this.#upload(by, token)
      }
      store.resumeMultipart = (token) => this.#upload(by, token)
      if (listUploads !== false) {
        store.listMultipart = (prefix, options = {}) =>
          this.#list(by, `list uploads ${prefix}`, options, () =>
            (inner.listMultipart as NonNullable<Store['listMultipart']>)(prefix),
          )
      }
    }
    return store
  }

  #upload(by: Owner, { key, uploadId }: MultipartToken): MultipartUpload {
    const inner = (this.inner.resumeMultipart as NonNullable<Store['resumeMultipart']>)({
      key,
      uploadId,
    })
    const call = <T>(of: Call<T>): Promise<T> => this.#call(by, of)
    return {
      key,
      uploadId,
      toJSON: () => ({ key, uploadId }),
      putPart: (number, body, { signal } = {}) => {
        this.#watch.sends({ key, uploadId }, number, body)
        // Its sender may fill the memory anew before it arrives.
        const sent = body instanceof Blob ? body : body.slice()
        return this.#holding(by, body, () =>
          call({
            what: `put part ${number} of ${key}`,
            signal,
            slow: true,
            effect: () => inner.putPart(number, sent),
          }),
        )
      },
      complete: (parts, { signal, ...conditions } = {}) =>
        call({
          ...{
            what: `complete ${key}`,
            signal,
            refusals: conditions.ifNoneMatch ? CONDITIONAL : REFUSALS,
          },
          effect: async () => {
            const result = await inner.complete(parts, conditions)
            await this.#watch.visible(key, by)
            return result
          },
        }),
      abort: ({ signal } = {}) => {
        this.#watch.aborts(uploadId, by)
        const what = `abort upload ${key}`
        const effect = (): Promise<void> => {
          this.ended.add(uploadId)
          return inner.abort()
        }
        return call({ what, signal, refusals: OF_ABORTS, effect })
      },
      ...(this.#plan.capabilities.listUploads !== false && {
        listParts: (options: CallOptions = {}) =>
          this.#list(by, `list parts of ${key}`, options, () =>
            (inner.listParts as NonNullable<MultipartUpload['listParts']>)(),
          ),
      }),
    }
  }

  async #call<T>(by: Owner, of: Call<T>): Promise<T> {
    throwIfAborted(of.signal)
    // Whoever gives up waiting does not call the request back.
    const answer = this.#roundTrip(by, of)
    const { signal } = of
    return new Promise<T>((resolve, reject) => {
      const unheard = listen(signal, () => reject(abortError(signal as AbortSignal)))
      answer.then(resolve, reject).finally(unheard)
    })
  }

  async #roundTrip<T>(by: Owner, { what, slow, refusals = REFUSALS, effect }: Call<T>): Promise<T> {
    const random = this.#random
    const mostMs = slow && random.chance(0.1) ? SLOW_MS : FAST_MS
    const fails = random.chance(this.faultRate)
    const before = random.chance(0.5)
    await this.#scheduler.wait(by, `> ${what}`, random.fraction() * mostMs, true)
    if (this.#scheduler.elapsedMs < this.outageUntilMs) {
      await this.#scheduler.wait(by, `< ${what}: outage`, random.fraction() * mostMs)
      throw failure('unavailable', what)
    }
    let answer: T | undefined
    let refused: unknown
    if (!(fails && before)) {
      try {
        answer = await effect()
      } catch (error) {
        refused = error
      }
    }
    const isLate = slow && fails && before && this.#late.chance(0.5)
    if (isLate) this.#arriveLate(what, effect)
    const kinds = isLate ? UNHEARD : before ? refusals : LOST
    const code = fails && random.pick<SluiceError['code']>(kinds)
    await this.#scheduler.wait(
      by,
      `< ${what}: ${code || (refused as SluiceError)?.code || 'done'}`,
      random.fraction() * mostMs,
    )
    if (code) throw failure(code, what)
    if (refused) throw refused
    return answer as T
  }

  /** What its sender has given up. Nobody hears what becomes of it. */
  #arriveLate(what: string, effect: () => Promise<unknown>): void {
    const label = `> ${what}, which was given up`
    const delayMs = this.#late.fraction() * this.#late.pick([FAST_MS * 50, SLOW_MS])
    this.#scheduler.add(undefined, label, delayMs, () => {
      effect().catch(() => {})
    })
  }

  async *#list<T>(
    by: Owner,
    what: string,
    { signal }: CallOptions,
    from: () => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const entries = await this.#call(by, {
      what,
      signal,
      effect: async () => {
        const all: T[] = []
        for await (const entry of from()) all.push(entry)
        return all
      },
    })
    yield* entries
  }

  async #holding<T>(by: Owner, body: Bytes | Blob, run: () => Promise<T>): Promise<T> {
    const bytes = body instanceof Blob ? body.size : body.byteLength
    this.#watch.holds(by, bytes, 1)
    try {
      return await run()
    } finally {
      this.#watch.holds(by, -bytes, -1)
    }
  }
}

function failure(code: SluiceError['code'], what: string): SluiceError {
  const retryAfterMs = code === 'slow-down' ? 500 : undefined
  return new SluiceError(code, `The model store says ${code} to "${what}"`, { retryAfterMs })
}
