import type { Bytes, GetOptions } from '../contracts/index.ts'
import { anySignal, isSluiceError, SluiceError } from '../core/errors.ts'
import { iterate } from '../core/reading.ts'
import type { S3Client } from './client.ts'
import { getObject, type S3Object } from './objects.ts'

export interface DownloadOptions extends GetOptions {
  /** The size of each range. Default 8 MiB. */
  readonly partBytes?: number | undefined
  /** Ranges in flight, or here and not yet read. Default 4. */
  readonly concurrency?: number | undefined
}

const DEFAULT_PART_BYTES = 8 * 1024 ** 2

/**
 * Reads an object, or a range of it, by several requests at once, as one stream in its order. For what one connection is too slow for.
 *
 * Guaranteed: all bytes are of the version that the first answer showed, each range goes on from its last byte after a cut, and the stream
 * has exactly the bytes that were asked for, or errors; `(concurrency + 1) * partBytes` are held at most. Nothing beyond the first range
 * is asked for before the body is read; cancelling it, or the signal, ends all requests.
 *
 * Not guaranteed: a client's `checksum` verifies no ranges. What is no larger than a range, and an object that `fetch` decodes
 * (`contentEncoding`), which has no ranges that can be read, comes by one request.
 *
 * Errors: those of `getObject`, with `precondition-failed` on the stream when the object was replaced meanwhile; `invalid-options` for a
 * `partBytes` or `concurrency` that is no positive integer.
 */
export async function getObjectInParts(
  client: S3Client,
  key: string,
  options: DownloadOptions = {},
): Promise<S3Object | undefined> {
  const { partBytes = DEFAULT_PART_BYTES, concurrency = 4, range, ifMatch, signal } = options
  for (const [name, value] of Object.entries({ partBytes, concurrency })) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw new SluiceError('invalid-options', `${name} (${value}) must be a positive integer`, {
      key,
    })
  }
  const begin = range?.start ?? 0
  const stop = new AbortController()
  const linked = anySignal(stop.signal, signal)
  const get = (start: number, end: number, etag: string | undefined) =>
    getObject(client, key, { range: { start, end }, ifMatch: etag, signal: linked })

  const firstEnd = Math.min(begin + partBytes, range?.end ?? Number.MAX_SAFE_INTEGER)
  let first: S3Object | undefined
  try {
    first = await get(begin, firstEnd, ifMatch)
  } catch (error) {
    // What is decoded has no ranges, and what is empty has not even a first one.
    const whole = isSluiceError(error, 'not-supported') || (error as SluiceError).status === 416
    if (range || !whole) throw error
    return getObject(client, key, { ifMatch, signal })
  }
  if (!first) return undefined
  const { info } = first
  const end = Math.min(range?.end ?? info.sizeBytes, info.sizeBytes)
  if (end <= firstEnd) return first

  const ahead: Promise<Bytes>[] = []
  let asked = firstEnd

  async function part(start: number): Promise<Bytes> {
    const partEnd = Math.min(start + partBytes, end)
    const found = await get(start, partEnd, info.etag)
    if (!found)
      throw new SluiceError('not-found', `"${key}" was deleted while it was read`, { key })
    const bytes = new Uint8Array(partEnd - start)
    let at = 0
    for await (const chunk of iterate(found.body)) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    return bytes
  }

  function askAhead(): void {
    for (; ahead.length < concurrency && asked < end; asked += partBytes) {
      const bytes = part(asked)
      // Heard of when its turn comes, or never, when an earlier one has failed.
      bytes.catch(() => {})
      ahead.push(bytes)
    }
  }

  const reader = first.body.getReader()
  let reading = true
  const body = new ReadableStream<Bytes>(
    {
      async pull(controller) {
        try {
          askAhead()
          if (reading) {
            const { value } = await reader.read()
            if (value) return controller.enqueue(value)
            reading = false
          }
          const bytes = await ahead.shift()
          if (bytes) controller.enqueue(bytes)
          else controller.close()
        } catch (error) {
          stop.abort(error)
          throw error
        }
      },
      async cancel(reason) {
        stop.abort(reason)
        await Promise.allSettled([reader.cancel(reason), ...ahead])
      },
    },
    { highWaterMark: 0 },
  )
  return { ...first, body }
}
