import type { UploadInfo } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { check, checkBytes, checkEqual, checkRejects, fail } from '../check.ts'
import { multipartCase } from './multipart.ts'
import { checkObject, listed, pattern, type StoreCase } from './tools.ts'

/** The caller's signal, before and during. */
export const abortCases: readonly StoreCase[] = [
  {
    name: 'abort: a signal that has fired lets no verb begin',
    async run(store) {
      await store.put('key', pattern(10))
      const signal = AbortSignal.abort()
      const calls: Record<string, () => Promise<unknown> | undefined> = {
        put: () => store.put('new', pattern(3), { signal }),
        get: () => store.get('key', { signal }),
        head: () => store.head('key', { signal }),
        list: () => listed(store, { signal }),
        delete: () => store.delete('key', { signal }),
        copy: () => store.copy?.('key', 'new', { signal }),
        compose: () => store.compose?.([{ key: 'key' }], 'new', { signal }),
        createMultipart: () => store.createMultipart?.('new', { signal }),
        listMultipart: () =>
          store.listMultipart && firstUpload(store.listMultipart('', { signal })),
      }
      for (const [verb, call] of Object.entries(calls)) {
        const calling = call()
        if (calling) await checkRejects(calling, 'aborted', verb)
      }
      checkEqual(await listed(store), ['key'], 'the listing')
    },
  },
  multipartCase(
    'a signal that has fired lets no part, completion or abort begin',
    async (store, upload) => {
      const signal = AbortSignal.abort()
      const part = await upload.putPart(1, pattern(10))
      await checkRejects(upload.putPart(1, pattern(3), { signal }), 'aborted', 'putPart')
      await checkRejects(upload.complete([part], { signal }), 'aborted', 'complete')
      await checkRejects(upload.abort({ signal }), 'aborted', 'abort')
      await upload.complete([part])
      await checkObject(store, 'key', pattern(10))
    },
  ),
  {
    name: 'abort: a put that is cut short leaves the old object or the new one',
    async run(store) {
      for (const turns of [0, 1, 2, 5, 20]) {
        await store.put('key', pattern(10))
        const controller = new AbortController()
        const writing = store.put('key', pattern(200_000), {
          signal: controller.signal,
        })
        for (let i = 0; i < turns; i++) await Promise.resolve()
        controller.abort()
        const outcome = await writing.then(() => 'written', aborted)
        const found = await store.get('key')
        const bytes = await found?.bytes()
        check(bytes, 'an object is there')
        const isNew = outcome === 'written' || bytes.byteLength === 200_000
        checkBytes(bytes, pattern(isNew ? 200_000 : 10), `the object, ${outcome}`)
      }
    },
  },
  {
    name: 'abort: a signal that fires afterwards changes nothing',
    async run(store) {
      const controller = new AbortController()
      await store.put('key', pattern(10), { signal: controller.signal })
      await store.head('key', { signal: controller.signal })
      controller.abort()
      await checkObject(store, 'key', pattern(10))
    },
  },
  {
    name: 'abort: a body that is cut short never looks whole',
    async run(store) {
      const expected = pattern(8 * 1024 * 1024)
      await store.put('key', expected)
      const controller = new AbortController()
      const found = await store.get('key', { signal: controller.signal })
      const reader = found?.body.getReader()
      check(reader, 'get() found nothing')
      let at = 0
      try {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) break
          at += value.byteLength
          controller.abort()
        }
      } catch (error) {
        aborted(error)
        return
      }
      checkEqual(at, expected.byteLength, 'the length of a body that ended without an error')
    },
  },
  {
    name: 'abort: a listing ends where the signal fires',
    async run(store) {
      for (const key of ['a', 'b', 'c']) await store.put(key, pattern(3))
      const controller = new AbortController()
      const listing = (async () => {
        for await (const _ of store.list({ signal: controller.signal })) controller.abort()
      })()
      await checkRejects(listing, 'aborted', 'list()')
    },
  },
]

async function firstUpload(uploads: AsyncIterable<UploadInfo>): Promise<void> {
  for await (const _ of uploads) return
}

function aborted(error: unknown): 'aborted' {
  if (!isSluiceError(error, 'aborted'))
    fail(`the call failed with ${error}, not with aborted`, error)
  return 'aborted'
}
