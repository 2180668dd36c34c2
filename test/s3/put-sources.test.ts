import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { put } from '../../src/s3/put.ts'
import { bytes, content, openUploads, PART, place } from './place.ts'
import { failure } from './scripted-fetch.ts'

describe('a source is let go', () => {
  interface Watched {
    readonly stream: ReadableStream<Bytes>
    cancelled: unknown
  }
  /** Gives so many chunks, and then what `then` does. */
  function watched(chunks: number, then: () => Promise<void>): Watched {
    let given = 0
    const at: Watched = {
      cancelled: undefined,
      stream: new ReadableStream<Bytes>(
        {
          async pull(controller) {
            if (given++ === chunks) await then()
            controller.enqueue(bytes(PART, given))
          },
          cancel(reason) {
            at.cancelled = reason
          },
        },
        { highWaterMark: 0 },
      ),
    }
    return at
  }
  const never = (): Promise<void> => new Promise(() => {})

  test.each([0, 1, 4])('that falls silent after %i parts, when the caller aborts', async (n) => {
    const at = place()
    const controller = new AbortController()
    const source = watched(n, async () => {
      setImmediate(() => controller.abort())
      await never()
    })
    const writing = put(at.client, 'key', source.stream, {
      partBytes: PART,
      signal: controller.signal,
    })
    expect(await failure(writing)).toMatchObject({ code: 'aborted' })
    expect(source.cancelled).toMatchObject({ code: 'aborted' })
    expect(await openUploads(at)).toEqual([])
    expect(await content(at)).toBeUndefined()
  })

  test('that falls silent, when a part fails', async () => {
    const denied = (): Response =>
      new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
    const at = place({}, (name) => (name === 'PUT 2' ? denied() : undefined))
    const source = watched(3, never)
    const writing = put(at.client, 'key', source.stream, { partBytes: PART })
    expect(await failure(writing)).toMatchObject({ code: 'permission-denied' })
    expect(source.cancelled).toMatchObject({ code: 'permission-denied' })
    expect(await openUploads(at)).toEqual([])
  })

  test('that is an async generator which never answers', async () => {
    const at = place()
    const controller = new AbortController()
    const silent = async function* (): AsyncGenerator<Bytes> {
      yield bytes(2 * PART)
      setImmediate(() => controller.abort())
      await never()
    }
    const { signal } = controller
    const writing = put(at.client, 'key', silent(), { partBytes: PART, signal })
    expect(await failure(writing)).toMatchObject({ code: 'aborted' })
    expect(await openUploads(at)).toEqual([])
  })

  test('that throws: its error is the cause', async () => {
    const at = place()
    const gone = new Error('the disk is gone')
    let returned = false
    const throwing = async function* (): AsyncGenerator<Bytes> {
      try {
        yield bytes(3 * PART)
        throw gone
      } finally {
        returned = true
      }
    }
    const error = await failure(put(at.client, 'key', throwing(), { partBytes: PART }))
    expect(error).toMatchObject({ code: 'aborted', cause: gone, key: 'key' })
    expect(returned).toBe(true)
    expect(await openUploads(at)).toEqual([])
  })

  test('by the iterator’s return when a chunk is no chunk', async () => {
    let returned = false
    const odd = function* (): Generator<Bytes> {
      try {
        yield bytes(3)
        yield 'text' as never
      } finally {
        returned = true
      }
    }
    const writing = put(place().client, 'key', odd())
    expect(await failure(writing)).toMatchObject({ code: 'invalid-options' })
    expect(returned).toBe(true)
  })

  test('and read no further than parts can be sent', async () => {
    let given = 0
    const at = place({}, (name, { signal }) =>
      name.startsWith('PUT ')
        ? new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
          )
        : undefined,
    )
    const source = (function* () {
      for (;;) yield bytes(PART, ++given)
    })()
    const controller = new AbortController()
    const options = { partBytes: PART, concurrency: 2, signal: controller.signal }
    const writing = failure(put(at.client, 'key', source, options))
    for (let n = 0; n < 20; n++) await turn()
    // Three parts, and the chunk that has no room yet.
    expect(given).toBeLessThanOrEqual(4)
    controller.abort()
    expect(await writing).toMatchObject({ code: 'aborted' })
  })
})
