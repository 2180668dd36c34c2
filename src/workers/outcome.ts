import type { ErrorCode } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'

/** An answer or an error as plain data: a remote call carries an error's message, and nothing else that is its own. */
export type Outcome<T> =
  | { readonly value: T }
  | {
      readonly error: {
        readonly code: ErrorCode
        readonly message: string
        readonly retryable: boolean
        readonly retryAfterMs: number | undefined
        readonly status: number | undefined
      }
    }

/** Other errors than ours are bugs, and pass as they are. */
export async function outcomeOf<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() }
  } catch (error) {
    if (!isSluiceError(error)) throw error
    const { code, message, retryable, retryAfterMs, status } = error
    return { error: { code, message, retryable, retryAfterMs, status } }
  }
}

export function valueOfOutcome<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value
  const { code, message, ...details } = outcome.error
  throw new SluiceError(code, message, details)
}
