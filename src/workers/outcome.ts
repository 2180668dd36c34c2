import type { Bytes, ErrorCode } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'

/** An answer or an error as plain data: a remote call carries an error's message, and nothing else that is its own. */
type Outcome<T> =
  | { readonly value: T }
  | {
      readonly error: {
        readonly code: ErrorCode
        readonly message: string
        readonly retryable: boolean
        readonly retryAfterMs: number | undefined
        readonly producerId: string | undefined
        readonly expectedSeq: number | undefined
      }
    }

/**
 * What came of a remote call, as a stream of JSON. As plain data it could have 32 MiB at most, and an answer that is refused
 * comes after the records were kept.
 */
export async function outcomeOf(run: () => Promise<unknown>): Promise<ReadableStream<Bytes>> {
  return new Blob([JSON.stringify(await settled(run))]).stream()
}

/** Other errors than ours are bugs, and pass as they are. */
async function settled(run: () => Promise<unknown>): Promise<Outcome<unknown>> {
  try {
    return { value: await run() }
  } catch (error) {
    if (!isSluiceError(error)) throw error
    const { code, message, retryable, retryAfterMs, producerId, expectedSeq } = error
    return { error: { code, message, retryable, retryAfterMs, producerId, expectedSeq } }
  }
}

export async function valueOfOutcome<T>(stream: ReadableStream<Bytes>): Promise<T> {
  const outcome = (await new Response(stream).json()) as Outcome<T>
  if (!('error' in outcome)) return outcome.value
  const { code, message, ...details } = outcome.error
  throw new SluiceError(code, message, details)
}
