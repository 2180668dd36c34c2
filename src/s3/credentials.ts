import type { Awaitable, Clock } from '../contracts/index.ts'
import { asSluiceError, isSluiceError, orAborted, SluiceError } from '../core/errors.ts'

/** An access key. Never logged, never part of an error. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials (STS). */
  readonly sessionToken?: string | undefined
  /**
   * When temporary credentials end. A function that gives it is not asked before every request: what it gave is kept,
   * and it is asked again 5 minutes before that moment. Fixed credentials are used whatever it says.
   */
  readonly expiration?: Date | undefined
}

/**
 * Fixed credentials, or a function that gives some.
 *
 * A function is asked before every attempt, unless its answer has an `expiration`: then the client keeps it, and asks
 * again from 5 minutes before its end, while requests go on with the old ones. A failure then is no failure of theirs,
 * and is followed by another try after 30 s. Once the old ones have ended, requests wait for new ones. However many
 * requests wait, the function is asked once. An answer that has ended already by this machine's clock is used once: the
 * clock may be wrong, and the server knows.
 *
 * When the server answers `ExpiredToken`, `TokenRefreshRequired` or `InvalidAccessKeyId` to credentials that were kept,
 * they are dropped, and the attempt is made once more with new ones.
 *
 * A function may take 2 minutes (`timeout`), of which an attempt waits no longer than its own time limit. What it throws is the error of the request; other than a `SluiceError`,
 * it becomes the cause of an `unauthenticated`.
 */
export type S3CredentialsSource = S3Credentials | S3CredentialsFunction

export type S3CredentialsFunction = () => Awaitable<S3Credentials>

/** A source as the client uses it. */
export interface CredentialsKeeper {
  /** Those to sign with now. */
  get(): Promise<S3Credentials>
  /**
   * Runs what uses `get()`, and runs it once more when the server refuses credentials that had been kept.
   */
  use<T>(run: () => Promise<T>): Promise<T>
}

/** How long before their end kept credentials are asked for again. */
const EARLY_MS = 5 * 60_000
/** From one early request to the next, whether it failed or brought credentials that end as soon. */
const PAUSE_MS = 30_000
const ASK_LIMIT_MS = 2 * 60_000

/** Other credentials may do where these were refused. The last one is STS's word for InvalidAccessKeyId. */
const STALE: ReadonlySet<string | undefined> = new Set([
  'ExpiredToken',
  'TokenRefreshRequired',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
])

/** Keeps the credentials in a closure, where no `toString`, `JSON.stringify` or inspection of the client finds them. */
export function credentialsKeeper(source: S3CredentialsSource, clock: Clock): CredentialsKeeper {
  if (typeof source !== 'function') {
    const fixed = checked(source)
    return { get: () => Promise.resolve(fixed), use: (run) => run() }
  }
  let kept: (S3Credentials & { readonly expiration: Date }) | undefined
  let asking: Promise<S3Credentials> | undefined
  let askedMs = Number.NEGATIVE_INFINITY

  const leftMs = (expiration: Date): number => expiration.getTime() - clock.now()

  function renew(): Promise<S3Credentials> {
    // A Worker that has answered its request does no more of what it had begun for it: that answer never comes.
    if (asking && clock.now() - askedMs < ASK_LIMIT_MS) return asking
    askedMs = clock.now()
    const answer = ask(source as S3CredentialsFunction, clock).then((given) => {
      const { expiration } = given
      kept = expiration && { ...given, expiration }
      return given
    })
    const end = (): void => {
      if (asking === answer) asking = undefined
    }
    answer.then(end, end)
    asking = answer
    return answer
  }

  return {
    async get() {
      if (!kept || leftMs(kept.expiration) <= 0) return renew()
      const early = leftMs(kept.expiration) <= EARLY_MS && clock.now() - askedMs >= PAUSE_MS
      if (early) renew().catch(() => {})
      return kept
    },
    async use(run) {
      const before = kept
      try {
        return await run()
      } catch (error) {
        if (!before || !isSluiceError(error) || !STALE.has(error.serverCode)) throw error
        if (kept === before) kept = undefined
        return run()
      }
    },
  }
}

async function ask(source: S3CredentialsFunction, clock: Clock): Promise<S3Credentials> {
  const limit = new AbortController()
  const stopTimer = clock.schedule(clock.now() + ASK_LIMIT_MS, () => {
    const message = `The function that provides the S3 credentials gave none within ${ASK_LIMIT_MS} ms`
    limit.abort(new SluiceError('timeout', message))
  })
  try {
    return checked(await orAborted(source(), limit.signal))
  } catch (cause) {
    const message = 'The function that provides the S3 credentials failed'
    const error = asSluiceError(cause, 'unauthenticated', message)
    // Whoever reads or writes an object would take these for that object's.
    if (error.code !== 'not-found' && error.code !== 'precondition-failed') throw error
    throw new SluiceError('unauthenticated', `${message}: ${error.message}`, { cause })
  } finally {
    stopTimer()
  }
}

/** What goes into a header. A runtime that refuses another one repeats it in its message. */
const IN_HEADER = /^[\u0021-\u007e]+$/

/** The credentials if they are whole. Errors: `unauthenticated`, which names the part and never repeats it. */
function checked(given: S3Credentials | undefined): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = given ?? {}
  const parts = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value !== 'string' || value === '')
      throw lacking(`lack ${name}: give a non-empty text`)
    const fits = name === 'secretAccessKey' ? value.trim() === value : IN_HEADER.test(value)
    if (!fits) throw lacking(`have white space, or what no header can hold, in ${name}`)
  }
  if (expiration !== undefined && !Number.isFinite((expiration as Date).getTime?.())) {
    throw lacking('have an expiration that is no valid Date')
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiration } as S3Credentials
}

function lacking(what: string): SluiceError {
  return new SluiceError('unauthenticated', `The S3 credentials ${what}`)
}
