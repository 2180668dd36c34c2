import type { Bytes } from '../contracts/index.ts'
import { abortError, anySignal, SluiceError } from '../core/errors.ts'
import type { BodyCheck, S3Client } from './client.ts'
import { type CallContext, contextError, protocolError } from './errors.ts'
import { etagOf } from './response.ts'

/** The bytes `[start, end)` of an object of `sizeBytes`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
  readonly sizeBytes: number
}

/** Which version of which object is read, and on whose behalf. */
export interface ObjectRead {
  readonly key: string
  readonly etag: string
  readonly signal: AbortSignal | undefined
}

/**
 * What `Content-Range` says that a partial answer holds. `protocol` when it does not say, or holds other bytes than were asked
 * for: servers and caches that answer another range exist, and their bytes would be taken for the object's.
 */
export function answeredRange(
  response: Response,
  context: CallContext,
  asked: { readonly start: number; readonly end?: number | undefined },
): ByteRange {
  const said = response.headers.get('content-range')
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(said ?? '') ?? []
  const sizeBytes = Number(size)
  const end = Math.min(asked.end ?? sizeBytes, sizeBytes)
  if (response.status !== 206 || Number(first) !== asked.start || Number(last) !== end - 1) {
    throw protocolError(
      response,
      context,
      `was asked for the bytes from ${asked.start} to ${asked.end ?? 'the end'} and answered ${response.status} with ${said ?? 'no Content-Range; in a browser, let the CORS rule of the bucket expose it'}`,
    )
  }
  return { start: asked.start, end, sizeBytes }
}

/** Servers that ignore the condition of a GET exist, and their answer would mix two versions. */
export function checkVersion(etag: string, wanted: string | undefined, context: CallContext): void {
  if (wanted === undefined || etag === wanted) return
  throw contextError('precondition-failed', context, 'was answered with another version')
}

/** What a body should be. */
export interface Expected {
  readonly range: ByteRange | undefined
  readonly check: BodyCheck | undefined
  /** Called at another length than declared, where that can have no other reason. */
  readonly onDecoded: (() => void) | undefined
}

type Reader = ReadableStreamDefaultReader<Bytes>

/**
 * The body of an answer that should hold `range`, or, where `fetch` decodes it and its length says nothing, no range. Not every
 * runtime notices a body that ends early, so the bytes are counted; where they end, or nothing comes for `client.idleMs`, the
 * same version's are asked for from there on. Each such request counts as an operation of its own, tried again by the client's
 * rules, and has brought at least one byte when it has succeeded, so that this comes to an end.
 *
 * The body errors with what that request was refused with (`precondition-failed` when the object is another by now), with
 * `network` or `timeout` where it cannot be made, `protocol` when there are more bytes than there should be, and
 * `checksum-mismatch` behind the last byte when `check` says that they are others.
 */
export function objectBody(
  client: S3Client,
  { key, etag, signal }: ObjectRead,
  response: Response,
  context: CallContext,
  expected: Expected,
): ReadableStream<Bytes> {
  let { range, check, onDecoded } = expected
  let reader = readerOf(response)
  /** Nobody wants the rest: the read that this cuts short is no reason to ask for it. */
  const cancelled = new AbortController()
  let at = range?.start ?? 0

  async function next(): Promise<Bytes | undefined> {
    try {
      const value = await readWithin(client, reader, context)
      // A page's `fetch` tells a body that ends early from one that is whole.
      if (value || !range || at === range.end || isDecoded()) return value
    } catch (cause) {
      if (signal?.aborted) throw abortError(signal)
      if (!range) {
        if (cause instanceof SluiceError) throw cause
        throw contextError('network', context, `was cut short after ${at} bytes`, { cause })
      }
    }
    return at < range.end ? resume(range) : undefined
  }

  function isDecoded(): boolean {
    if (!onDecoded) return false
    range = check = undefined
    onDecoded()
    return true
  }

  function resume({ end }: ByteRange): Promise<Bytes> {
    const start = at
    return client.send({
      operation: 'GetObject',
      method: 'GET',
      key,
      headers: { range: `bytes=${start}-${end - 1}`, 'if-match': `"${etag}"` },
      signal: anySignal(cancelled.signal, signal),
      async read(again, context) {
        const rest = readerOf(again)
        try {
          answeredRange(again, context, { start, end })
          checkVersion(etagOf(again, context), etag, context)
          const value = await readWithin(client, rest, context)
          if (!value) throw contextError('network', context, `was cut short after ${start} bytes`)
          reader = rest
          onDecoded = undefined
          return value
        } catch (error) {
          await rest.cancel(error).catch(() => {})
          throw error
        }
      },
    })
  }

  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const value = await next()
        if (!value) {
          if (check?.isRight() ?? true) return controller.close()
          throw contextError(
            'checksum-mismatch',
            context,
            'was answered with other bytes than kept',
          )
        }
        check?.update(value)
        at += value.byteLength
        if (range && at > range.end && !isDecoded()) {
          await reader.cancel().catch(() => {})
          throw contextError('protocol', context, 'was answered with more bytes than it declared')
        }
        controller.enqueue(value)
      },
      cancel(reason) {
        cancelled.abort()
        // Rejects with what has cut it short, which `next` has dealt with.
        return reader.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

function readerOf(response: Response): Reader {
  return (response.body ?? new Blob().stream()).getReader() as Reader
}

/** The next bytes that are not none; `undefined` at the end; `timeout` when there are none for too long. */
async function readWithin(
  { clock, idleMs }: S3Client,
  reader: Reader,
  context: CallContext,
): Promise<Bytes | undefined> {
  let silent = false
  const stopTimer = clock.schedule(clock.now() + idleMs, () => {
    silent = true
    // Ends the pending read, and lets the connection go.
    reader.cancel().catch(() => {})
  })
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (silent) throw contextError('timeout', context, `sent nothing for ${idleMs} ms`)
      if (done) return undefined
      if (value.byteLength > 0) return value
    }
  } finally {
    stopTimer()
  }
}
