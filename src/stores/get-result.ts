import type { Bytes, GetResult, ObjectInfo } from '../contracts/index.ts'
import { fromUtf8 } from '../core/bytes.ts'
import { asSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { collectBytes } from '../core/streams.ts'

/** Where a body comes from. */
export interface BodySource {
  /** The next bytes, `undefined` after the last. The receiver owns them. */
  next(): Promise<Bytes | undefined>
  /** Called once: after the last bytes, after a failure, or when the reader loses interest. */
  close?(): Promise<void>
}

/**
 * A `GetResult` whose body is pulled piece by piece. Reading it fails with `aborted` once the signal fired, with
 * `invalid-options` the second time, and otherwise with what the source threw, as a `SluiceError`.
 */
export function getResult(
  info: ObjectInfo,
  source: BodySource,
  signal: AbortSignal | undefined,
): GetResult {
  const { key } = info
  let used = false
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    // A read that a cancellation cut short comes back here.
    closing ??= source.close?.() ?? Promise.resolve()
    return closing
  }
  const body = new ReadableStream<Bytes>(
    {
      async pull(controller) {
        used = true
        try {
          throwIfAborted(signal)
          const chunk = await source.next()
          if (chunk) return controller.enqueue(chunk)
          await close()
          controller.close()
        } catch (error) {
          await close().catch(() => {})
          throw asSluiceError(error, 'unavailable', `Reading "${key}" failed`, {
            key,
          })
        }
      },
      cancel() {
        used = true
        return close()
      },
    },
    { highWaterMark: 0 },
  )
  async function bytes(): Promise<Bytes> {
    if (used || body.locked) {
      throw new SluiceError('invalid-options', `The body of "${key}" was read before`, { key })
    }
    return collectBytes(body)
  }
  return Object.freeze({
    ...info,
    body,
    bytes,
    text: async () => fromUtf8(await bytes()),
  })
}
