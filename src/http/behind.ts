import type { Awaitable } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'

/**
 * Calls what the app stands in front of: a target, a store, an authorizer. What goes wrong there is the server's own
 * failure (`unavailable`, 503) whatever its code: a bucket's `permission-denied` says nothing about the token of the
 * request. `isRefusal` tells the errors that are about the request after all.
 */
export async function behind<T>(
  run: () => Awaitable<T>,
  isRefusal: (error: SluiceError) => boolean = () => false,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!isSluiceError(error)) throw error
    const { message, retryAfterMs, producerId, expectedSeq } = error
    const refused = isRefusal(error)
    const code = refused ? error.code : 'unavailable'
    // Anew, because the error may carry the status of another server's answer.
    throw new SluiceError(code, message, {
      retryAfterMs,
      ...(refused && { producerId, expectedSeq }),
      cause: error,
    })
  }
}
