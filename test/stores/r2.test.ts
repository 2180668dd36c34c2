import { describe, expect, test } from 'vitest'
import { r2Store } from '../../src/stores/r2.ts'
import type { R2BucketLike } from '../../src/stores/r2-bucket.ts'

/** What the local R2 never answers: a binding of which only the given verbs are called. */
function storeOver(verbs: Partial<R2BucketLike>) {
  return r2Store(verbs as R2BucketLike)
}

describe('r2Store: what R2 says when it fails', () => {
  test.each([
    ['put: Internal error. (10001)', 'unavailable', true],
    ['put: Access denied. (10003)', 'permission-denied', false],
    ['put: Your metadata headers exceed the limit. (10012)', 'invalid-options', false],
    ['put: Service unavailable. (10043)', 'unavailable', true],
    ['put: Reduce your concurrent request rate. (10058)', 'slow-down', true],
    ['put: The object is locked. (10069)', 'permission-denied', false],
    ['put: Too large. (100100)', 'too-large', false],
    ['Network connection lost.', 'unavailable', true],
  ])('%s', async (message, code, retryable) => {
    const cause = new Error(message)
    const store = storeOver({ put: () => Promise.reject(cause) })
    const putting = store.put('key', new Uint8Array(1))
    await expect(putting).rejects.toMatchObject({ code, retryable, key: 'key', cause })
  })

  test('a batch of deletions that fails leaves the others', async () => {
    const batches: number[] = []
    const store = storeOver({
      async delete(keys) {
        batches.push(keys.length)
        if (batches.length === 2) throw new Error('delete: Internal error. (10001)')
      },
    })
    const keys = Array.from({ length: 2001 }, (_, i) => `key-${i}`)
    const { deleted, failed } = await store.delete(keys)
    expect(batches).toEqual([1000, 1000, 1])
    expect(deleted).toBe(1001)
    expect(failed.map(({ key }) => key)).toEqual(keys.slice(1000, 2000))
    expect(failed[0]?.error).toMatchObject({ code: 'unavailable', key: 'key-1000' })
  })

  test('aborting an upload that is gone is no error; one that fails is', async () => {
    const uploadWhoseAbort = (message: string) =>
      storeOver({
        resumeMultipartUpload: (_, uploadId) => ({
          uploadId,
          uploadPart: () => Promise.reject(new Error('unused')),
          complete: () => Promise.reject(new Error('unused')),
          abort: () => Promise.reject(new Error(message)),
        }),
      }).resumeMultipart?.({ key: 'key', uploadId: 'id' })
    await uploadWhoseAbort('abort: The upload does not exist. (10024)')?.abort()
    await expect(uploadWhoseAbort('abort: Internal error. (10001)')?.abort()).rejects.toMatchObject(
      { code: 'unavailable', uploadId: 'id' },
    )
  })
})

describe('r2Store: what it asks R2 for', () => {
  test('create-only is "etag does not match *", and ifMatch "etag matches"', async () => {
    const asked: unknown[] = []
    const store = storeOver({
      async put(_, __, options) {
        asked.push(options?.onlyIf)
        return null
      },
    })
    for (const condition of [{ ifNoneMatch: '*' }, { ifMatch: 'abc' }] as const) {
      await expect(store.put('key', new Uint8Array(1), condition)).rejects.toMatchObject({
        code: 'precondition-failed',
        key: 'key',
      })
    }
    expect(asked).toEqual([{ etagDoesNotMatch: '*' }, { etagMatches: 'abc' }])
  })

  test('startAfter goes with the first page only, then the cursor', async () => {
    const asked: unknown[] = []
    const store = storeOver({
      async list({ cursor, startAfter, include } = {}) {
        asked.push({ cursor, startAfter, include })
        const page = { objects: [], delimitedPrefixes: [] }
        return cursor ? { ...page, truncated: false } : { ...page, truncated: true, cursor: 'next' }
      },
    })
    for await (const _ of store.list({ startAfter: 'a' })) expect.unreachable()
    const include = ['httpMetadata', 'customMetadata']
    expect(asked).toEqual([
      { cursor: undefined, startAfter: 'a', include },
      { cursor: 'next', startAfter: undefined, include },
    ])
  })
})
