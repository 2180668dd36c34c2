import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { Bytes, MultipartUpload, Store } from '../../src/contracts/index.ts'
import { completedByHead } from '../../src/core/completed-by-head.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { objectWriter } from '../../src/core/object-writer.ts'
import { memoryStore } from '../../src/stores/memory.ts'

const PART = 16
const store = (capabilities = {}): Store =>
  memoryStore({
    capabilities: { multipart: { minPartBytes: PART, equalParts: true }, ...capabilities },
  })

const bytes = (length: number, seed = 0): Bytes =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251)

async function openUploads(of: Store): Promise<number> {
  let count = 0
  for await (const _ of of.listMultipart?.('') ?? []) count++
  return count
}

/** The store, with a hand on each part that is sent. */
function withParts(base: Store, onPart: (n: number, signal?: AbortSignal) => Promise<void>): Store {
  const wrap = (upload: MultipartUpload): MultipartUpload => ({
    key: upload.key,
    uploadId: upload.uploadId,
    putPart: async (n, body, options) => {
      await onPart(n, options?.signal)
      return upload.putPart(n, body, options)
    },
    complete: (parts, options) => upload.complete(parts, options),
    abort: (options) => upload.abort(options),
    toJSON: () => upload.toJSON(),
  })
  return {
    ...base,
    createMultipart: async (key: string, options?: object) =>
      wrap(await (base.createMultipart as NonNullable<Store['createMultipart']>)(key, options)),
  }
}

describe('objectWriter', () => {
  test('what a store of somebody’s own throws is no abort, and what somebody aborts with is one', async () => {
    const failing = withParts(store(), () => Promise.reject(new Error('their own')))
    const writer = objectWriter(failing, 'a', { partBytes: PART })
    const written = writer.write(bytes(2 * PART)).then(() => writer.close())
    await expect(written).rejects.toMatchObject({ code: 'protocol', key: 'a' })
    const aborted = objectWriter(store(), 'a', { partBytes: PART })
    await aborted.write(bytes(2 * PART))
    await aborted.abort(new Error('enough'))
    await expect(aborted.close()).rejects.toMatchObject({ code: 'aborted', key: 'a' })
  })

  test.each([0, 1, PART - 1, PART, PART + 1, 2 * PART, 5 * PART + 3])(
    '%i bytes come back, in any cutting',
    async (size) => {
      const to = store()
      const content = bytes(size)
      const writer = objectWriter(to, 'a', {
        partBytes: PART,
        contentType: 'text/plain',
        metadata: { m: 'ü' },
      })
      for (let at = 0; at < size; at += 7) await writer.write(content.slice(at, at + 7))
      expect(await to.head('a')).toBeUndefined()
      const written = await writer.close()
      expect(written).toMatchObject({ key: 'a', bytes: size })
      const found = await to.get('a')
      expect(found).toMatchObject({
        etag: written.etag,
        contentType: 'text/plain',
        metadata: { m: 'ü' },
      })
      expect(await found?.bytes()).toEqual(content)
      expect(await openUploads(to)).toBe(0)
      expect(await writer.close()).toBe(written)
    },
  )

  test('one part or less is one put', async () => {
    const to = store()
    let created = 0
    const watched = withParts(to, async () => void created++)
    await using writer = objectWriter(watched, 'a', { partBytes: PART })
    await writer.write(bytes(PART))
    await writer.close()
    expect(created).toBe(0)
  })

  test('what a small object takes in memory does not depend on the size of parts', async () => {
    const writer = objectWriter(store(), 'a', { partBytes: 1024 ** 2 })
    await writer.write(bytes(1000))
    await writer.write(bytes(1))
    expect((await writer.close()).peakBytes).toBeLessThan(4000)
    const one = objectWriter(store(), 'b', { partBytes: 1024 ** 2, headBytes: 4 })
    await one.write(bytes(4000))
    expect((await one.close(bytes(4))).peakBytes).toBeLessThan(4100)
  })

  test('a head is sent last and lies first', async () => {
    const to = store()
    const order: number[] = []
    for (const size of [PART / 2, 3 * PART]) {
      order.length = 0
      const writer = objectWriter(
        withParts(to, async (n) => void order.push(n)),
        'a',
        { partBytes: PART, headBytes: 4 },
      )
      await writer.write(bytes(size))
      await writer.close(new Uint8Array([9, 9, 9, 9]))
      const found = await (await to.get('a'))?.bytes()
      expect([...(found ?? [])]).toEqual([9, 9, 9, 9, ...bytes(size)])
    }
    expect(order.at(-1)).toBe(1)
    const promised = objectWriter(to, 'b', { headBytes: 4 })
    await expect(promised.close()).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('holds no more than concurrency + 1 parts', async () => {
    const concurrency = 2
    let inFlight = 0
    let most = 0
    const gate: (() => void)[] = []
    const slow = withParts(store(), async () => {
      most = Math.max(most, ++inFlight)
      await new Promise<void>((resolve) => gate.push(resolve))
      inFlight--
    })
    const writer = objectWriter(slow, 'a', { partBytes: PART, concurrency })
    let accepted = 0
    const writing = (async () => {
      for (let i = 0; i < 10 * PART; i++) {
        await writer.write(bytes(1))
        accepted++
      }
    })()
    // Nothing moves until a gate opens: what was accepted by then is what is held.
    await new Promise((resolve) => setImmediate(resolve))
    expect(accepted).toBeLessThanOrEqual((concurrency + 1) * PART)
    expect(accepted).toBeGreaterThanOrEqual(concurrency * PART)
    const open = setInterval(() => gate.shift()?.(), 0)
    await writing
    await writer.close()
    clearInterval(open)
    expect(most).toBe(concurrency)
  })

  test('a part that fails stops the rest, aborts the upload, and is what everybody hears', async () => {
    const to = store()
    const denied = new SluiceError('permission-denied', 'no')
    const sent: number[] = []
    const broken = withParts(to, async (n) => {
      sent.push(n)
      if (n === 2) throw denied
    })
    const writer = objectWriter(broken, 'a', { partBytes: PART, concurrency: 1 })
    await expect(writer.write(bytes(20 * PART))).rejects.toBe(denied)
    await expect(writer.write(bytes(1))).rejects.toBe(denied)
    await expect(writer.close()).rejects.toBe(denied)
    expect(sent).toEqual([1, 2])
    expect(await openUploads(to)).toBe(0)
    expect(await to.head('a')).toBeUndefined()
  })

  test('a part that fails while closing never leads to a completion without it', async () => {
    const to = store()
    let completed = false
    const broken = withParts(to, async (n) => {
      if (n === 2) throw new SluiceError('permission-denied', 'no')
    })
    // A store that does not look at its signal.
    const deaf: Store = {
      ...broken,
      createMultipart: async (key) => {
        const upload = await (broken.createMultipart as NonNullable<Store['createMultipart']>)(key)
        const complete: MultipartUpload['complete'] = (parts) => {
          completed = true
          return upload.complete(parts)
        }
        return { ...upload, complete }
      },
    }
    const writer = objectWriter(deaf, 'a', { partBytes: PART })
    await writer.write(bytes(PART + 3))
    await expect(writer.close()).rejects.toMatchObject({ code: 'permission-denied' })
    expect(completed).toBe(false)
  })

  test('an upload that cannot be aborted is named in the error', async () => {
    const to = store()
    const stuck: Store = {
      ...to,
      createMultipart: async (key) => {
        const upload = await (to.createMultipart as NonNullable<Store['createMultipart']>)(key)
        return {
          key,
          uploadId: upload.uploadId,
          putPart: () => Promise.reject(new SluiceError('protocol', 'odd')),
          complete: (parts) => upload.complete(parts),
          abort: () => Promise.reject(new SluiceError('permission-denied', 'no')),
          toJSON: () => upload.toJSON(),
        }
      },
    }
    const writer = objectWriter(stuck, 'a', { partBytes: PART })
    await writer.write(bytes(2 * PART)).catch(() => {})
    const error = await writer.close().catch((failure: unknown) => failure)
    const [open] = await Array.fromAsync(to.listMultipart?.('') ?? [])
    expect(error).toMatchObject({ code: 'protocol', uploadId: open?.uploadId })
  })

  test('abort, leaving the scope and the caller’s signal leave nothing behind', async () => {
    const to = store()
    const ways: ((abort: AbortController) => Promise<void>)[] = [
      async () => {
        const writer = objectWriter(to, 'a', { partBytes: PART })
        await writer.write(bytes(3 * PART))
        await writer.abort(new Error('changed my mind'))
        await expect(writer.write(bytes(1))).rejects.toMatchObject({ code: 'aborted' })
        await expect(writer.close()).rejects.toMatchObject({ code: 'aborted' })
      },
      async () => {
        await using writer = objectWriter(to, 'a', { partBytes: PART })
        await writer.write(bytes(3 * PART))
      },
      async (abort) => {
        const writer = objectWriter(to, 'a', { partBytes: PART, signal: abort.signal })
        await writer.write(bytes(3 * PART))
        abort.abort()
        await expect(writer.close()).rejects.toMatchObject({ code: 'aborted' })
      },
    ]
    for (const way of ways) {
      await way(new AbortController())
      expect(await to.head('a')).toBeUndefined()
      expect(await openUploads(to)).toBe(0)
    }
  })

  test('disposal after close keeps the object', async () => {
    const to = store()
    {
      await using writer = objectWriter(to, 'a')
      await writer.write(bytes(3))
      await writer.close()
    }
    expect(await to.head('a')).toMatchObject({ sizeBytes: 3 })
  })

  test('conditions hold for one part and for many', async () => {
    const to = store()
    await to.put('taken', bytes(1))
    for (const size of [1, 3 * PART]) {
      const writer = objectWriter(to, 'taken', { partBytes: PART, ifNoneMatch: '*' })
      await writer.write(bytes(size))
      await expect(writer.close()).rejects.toMatchObject({ code: 'precondition-failed' })
    }
    expect(await to.head('taken')).toMatchObject({ sizeBytes: 1 })
    expect(await openUploads(to)).toBe(0)
  })

  test('where completion takes no condition it is refused, or checked by head if the caller says so', async () => {
    const to = store({ conditionalComplete: false })
    const strict = objectWriter(to, 'a', { partBytes: PART, ifNoneMatch: '*' })
    await expect(strict.write(bytes(3 * PART))).rejects.toMatchObject({ code: 'not-supported' })
    expect(await openUploads(to)).toBe(0)
    const write = async (): Promise<unknown> => {
      const writer = objectWriter(completedByHead(to), 'a', { partBytes: PART, ifNoneMatch: '*' })
      await writer.write(bytes(3 * PART))
      return writer.close()
    }
    expect(await write()).toMatchObject({ bytes: 3 * PART })
    await expect(write()).rejects.toMatchObject({ code: 'precondition-failed' })
  })

  test('a store without multipart gets one put, and refuses what is larger than that', async () => {
    const to = store({ multipart: false, maxPutBytes: 3 * PART })
    const fits = objectWriter(to, 'a', { partBytes: PART })
    await fits.write(bytes(2 * PART + 5))
    expect(await fits.close()).toMatchObject({ bytes: 2 * PART + 5 })
    const large = objectWriter(to, 'b', { partBytes: PART })
    await expect(large.write(bytes(9 * PART))).rejects.toMatchObject({ code: 'too-large' })
  })

  test('the upload is known before its first part', async () => {
    const to = store()
    const seen: string[] = []
    const watched = withParts(to, async (n) => void seen.push(`part ${n}`))
    const writer = objectWriter(watched, 'a', {
      partBytes: PART,
      onUpload: async ({ key }) => void seen.push(key),
    })
    await writer.write(bytes(2 * PART))
    await writer.close()
    expect(seen).toEqual(['a', 'part 1', 'part 2'])
  })

  test('bad options and keys are refused at once', () => {
    expect(() => objectWriter(store(), '../a')).toThrowError(
      expect.objectContaining({ code: 'invalid-key' }),
    )
    expect(() => objectWriter(store(), 'a', { concurrency: 0 })).toThrowError(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })

  test.each([1, 2, 4])(
    'holds concurrency + 1 = %i + 1 parts, the head’s among them',
    async (most) => {
      for (const headBytes of [0, 8]) {
        let taken = headBytes
        const never = withParts(store(), () => new Promise(() => {}))
        const writer = objectWriter(never, 'a', { partBytes: PART, concurrency: most, headBytes })
        const filling = async (): Promise<never> => {
          for (;;) {
            await writer.write(bytes(1))
            taken++
          }
        }
        filling().catch(() => {})
        await new Promise((resolve) => setImmediate(resolve))
        // With no head the last byte of the last part is within the write that waits for a part to be through.
        expect(taken).toBe((most + 1) * PART - (headBytes === 0 ? 1 : 0))
      }
    },
  )

  test('leaving the scope tells nothing twice', async () => {
    const stuck = withParts(store(), () => Promise.reject(new SluiceError('protocol', 'odd')))
    const create = stuck.createMultipart as NonNullable<Store['createMultipart']>
    const forbidden: Store = {
      ...stuck,
      createMultipart: async (...args) => ({
        ...(await create(...args)),
        abort: () => Promise.reject(new SluiceError('permission-denied', 'no')),
      }),
    }
    const leave = async (): Promise<void> => {
      await using writer = objectWriter(forbidden, 'a', { partBytes: PART })
      await writer.write(bytes(PART + 1))
      await writer.close()
    }
    await expect(leave()).rejects.toMatchObject({ code: 'protocol', uploadId: expect.any(String) })
  })

  test('leaves nothing open when it comes while a store that minds no signal opens the upload', async () => {
    const base = store()
    const create = base.createMultipart as NonNullable<Store['createMultipart']>
    const opened = Promise.withResolvers<void>()
    const slow: Store = {
      ...base,
      async createMultipart(key) {
        const upload = await create(key)
        await opened.promise
        return upload
      },
    }
    const remembered: string[] = []
    const writer = objectWriter(slow, 'a', {
      partBytes: PART,
      onUpload: async ({ uploadId }) => void remembered.push(uploadId),
    })
    const writing = writer.write(bytes(3 * PART))
    writing.catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    const aborting = writer.abort()
    opened.resolve()
    await aborting
    await expect(writing).rejects.toMatchObject({ code: 'aborted' })
    expect(await openUploads(base)).toBe(0)
    expect(remembered).toEqual([])
  })

  test('a writer that cannot be made leaves no listener on the signal', () => {
    const { signal } = new AbortController()
    const options = { partBytes: PART, headBytes: PART + 1, signal }
    expect(() => objectWriter(store(), 'a', options)).toThrow('headBytes')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
