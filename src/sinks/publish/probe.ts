import type { Clock, ErrorCode, Store } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { anySignal, asSluiceError, isSluiceError } from '../../core/errors.ts'

/** What was seen, or why nothing could be. */
export type Honoured = boolean | { readonly unknown: ErrorCode }

const BODY = utf8(
  'Sluice was here to see whether this bucket honours conditions; this can be deleted.\n',
)
const TIMEOUT_MS = 10_000

/** Where a sink tries its store. Credentials that may not delete leave it there. */
export function probeKey(stream: string): string {
  return `${stream}/.sluice-probe`
}

/** A sink beside this one may take its own object away between two of these. */
const MOST_PUTS = 3

/**
 * Whether `ifNoneMatch: '*'` is honoured, whatever the store says of itself: a proxy that drops the header makes every file
 * replaceable. An object is put under `key` until that is refused, and then deleted: three requests.
 *
 * The key is always the same, unlike those of `probe()` in `sluice/stores/probe`, so that credentials which may not delete leave one
 * object and no more; found there by the next sink, it is the answer at once. Never rejects: without an answer within 10 s nothing is
 * known, and nothing is lost, since the condition is sent with every file.
 */
export async function tryCondition(
  store: Store,
  key: string,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<Honoured> {
  const limit = new AbortController()
  const stop = clock.schedule(clock.now() + TIMEOUT_MS, () =>
    limit.abort(new DOMException(`${TIMEOUT_MS} ms have passed`, 'TimeoutError')),
  )
  try {
    return await trial(store, key, anySignal(limit.signal, signal))
  } catch (error) {
    return { unknown: asSluiceError(error, 'protocol', 'The trial of a condition failed').code }
  } finally {
    stop()
  }
}

async function trial(store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  let put = 0
  try {
    while (put < MOST_PUTS) {
      await store.put(key, BODY, { ifNoneMatch: '*', contentType: 'text/plain', signal })
      put++
    }
    return false
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
    return true
  } finally {
    // One that was there before is another sink's to take away, or nobody's.
    if (put > 0) await store.delete(key, { signal }).catch(() => {})
  }
}
