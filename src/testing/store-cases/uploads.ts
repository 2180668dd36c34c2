import type { MultipartUpload, Part, Store } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { limiter } from '../../core/limiter.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { multipartCase, partBodies } from './multipart.ts'
import { checkAbsent, checkObject, checkRecent, pattern, type StoreCase } from './tools.ts'

/** Uploads as others see them: by a token, and in a listing. */
export const uploadCases: readonly StoreCase[] = [
  multipartCase('another process goes on with the token', async (store, upload, limits) => {
    const bodies = partBodies(limits)
    const first = await upload.putPart(1, bodies[0])
    const token = JSON.parse(JSON.stringify(upload))
    checkEqual(token, { key: 'key', uploadId: upload.uploadId }, 'the token')
    const resumed = store.resumeMultipart?.(token)
    check(resumed, 'resumeMultipart() is there')
    checkEqual([resumed.key, resumed.uploadId], ['key', upload.uploadId], 'the resumed upload')
    const second = await resumed.putPart(2, bodies[1])
    const third = await upload.putPart(3, bodies[2])
    await resumed.complete([first, second, third])
    await checkObject(store, 'key', concatBytes(bodies))
  }),
  {
    name: 'multipart: a token of no upload fails at its first use',
    async run(store) {
      if (!store.createMultipart) return
      const gone = await store.createMultipart('key')
      await gone.abort()
      const resumed = store.resumeMultipart?.(gone.toJSON())
      check(resumed, 'resumeMultipart() is there')
      await checkRejects(resumed.putPart(1, pattern(3)), 'not-found', 'putPart()', 'key')
      await checkAbsent(store, 'key', 'a dead token')
    },
  },
  multipartCase('a token with another key puts no part', async (store, upload) => {
    const other = store.resumeMultipart?.({ key: 'other', uploadId: upload.uploadId })
    check(other, 'resumeMultipart() is there')
    await checkRejects(other.putPart(1, pattern(10, 2)), 'not-found', 'putPart()', 'other')
    await upload.complete([await upload.putPart(1, pattern(10, 1))])
    await checkObject(store, 'key', pattern(10, 1))
  }),
  multipartCase('a token with another key ends nothing', async (store, upload) => {
    const parts = [await upload.putPart(1, pattern(10))]
    const other = store.resumeMultipart?.({ key: 'other', uploadId: upload.uploadId })
    check(other, 'resumeMultipart() is there')
    await checkRejects(other.complete(parts), 'not-found', 'complete()', 'other')
    await checkAbsent(store, 'other', 'a refused complete()')
    await other.abort()
    await upload.complete(parts)
    await checkObject(store, 'key', pattern(10))
  }),
  multipartCase('the parts that are there are listed, in order', async (store, upload, limits) => {
    if (!upload.listParts) return
    checkEqual(await partsOf(upload), [], 'the parts of a new upload')
    const [one, two, three] = partBodies(limits)
    const third = await upload.putPart(3, three)
    await upload.putPart(1, pattern(9))
    const first = await upload.putPart(1, one)
    checkEqual(await partsOf(upload), [first, third], 'the parts')
    const second = await upload.putPart(2, two)
    const resumed = store.resumeMultipart?.(upload.toJSON())
    check(resumed, 'resumeMultipart() is there')
    const parts = await partsOf(resumed)
    checkEqual(parts, [first, second, third], 'the parts, as another process sees them')
    await upload.complete(parts)
    await checkObject(store, 'key', concatBytes([one, two, three]))
  }),
  multipartCase('more than 1,000 parts are listed', async (_, upload, { maxParts }) => {
    if (!upload.listParts || maxParts < 1005) return
    const limit = limiter(16)
    const numbers = Array.from({ length: 1005 }, (_, i) => i + 1)
    await Promise.all(numbers.map((number) => limit(() => upload.putPart(number, pattern(1)))))
    const parts = await partsOf(upload)
    const found = parts.map(({ partNumber }) => partNumber)
    await upload.abort()
    checkEqual(found, numbers, 'the numbers of the parts')
  }),
  multipartCase('an upload that is gone has no parts to list', async (_, upload) => {
    await upload.putPart(1, pattern(9))
    await upload.abort()
    if (!upload.listParts) return
    await checkRejects(partsOf(upload), 'not-found', 'listParts()', 'key')
  }),
  {
    name: 'multipart: open uploads are listed by prefix, while they are open',
    async run(store) {
      if (!store.createMultipart || !store.listMultipart) return
      const uploads: MultipartUpload[] = []
      for (const key of ['a/1', 'a/2', 'a/2', 'b/ü &1']) {
        uploads.push(await store.createMultipart(key))
      }
      const all = await listedUploads(store, '')
      checkEqual(all, uploads.map(describe).sort(), 'all uploads')
      const below = await listedUploads(store, 'a/')
      checkEqual(below, uploads.slice(0, 3).map(describe).sort(), 'those below a/')
      checkEqual(await listedUploads(store, 'c'), [], 'those that begin with c')
      const [aborted, completed] = uploads
      await aborted?.abort()
      const part = await completed?.putPart(1, pattern(3))
      if (part) await completed?.complete([part])
      const left = await listedUploads(store, '')
      checkEqual(left, uploads.slice(2).map(describe).sort(), 'those that are left')
      for (const upload of uploads) await upload.abort()
      checkEqual(await listedUploads(store, ''), [], 'none')
    },
  },
  {
    name: 'multipart: more than 1,000 open uploads are listed, also while they are aborted',
    async run(store) {
      if (!store.listMultipart) return
      const keys = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`)
      const limit = limiter(16)
      await Promise.all(keys.map((key) => limit(async () => store.createMultipart?.(key))))
      const seen: string[] = []
      for await (const upload of store.listMultipart('many/')) {
        seen.push(upload.key)
        await store.resumeMultipart?.(upload).abort()
      }
      checkEqual(seen.length, keys.length, 'how many uploads were listed')
      checkEqual(new Set(seen).size, keys.length, 'how many keys they have')
      checkEqual(await listedUploads(store, ''), [], 'what is left')
    },
  },
]

function describe({ key, uploadId }: { key: string; uploadId: string }): string {
  return `${key} ${uploadId}`
}

async function partsOf(upload: MultipartUpload): Promise<readonly Part[]> {
  const parts: Part[] = []
  for await (const { partNumber, etag, sizeBytes } of upload.listParts?.() ?? []) {
    parts.push({ partNumber, etag, sizeBytes })
  }
  return parts
}

async function listedUploads(store: Store, prefix: string): Promise<readonly string[]> {
  const found: string[] = []
  for await (const upload of store.listMultipart?.(prefix) ?? []) {
    checkRecent(upload.initiated, 'initiated')
    found.push(describe(upload))
  }
  return found.sort()
}
