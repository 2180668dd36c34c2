import type { Bytes, MultipartLimits, MultipartUpload, Part, Store } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { checkAbsent, checkObject, listed, pattern, type StoreCase } from './tools.ts'

/** Objects that come in parts. How uploads end is in `multipart-end.ts`. */
export const multipartCases: readonly StoreCase[] = [
  multipartCase(
    'parts become the object, in any order and at once',
    async (store, upload, limits) => {
      const bodies = partBodies(limits)
      const parts = await Promise.all(
        [...bodies.entries()].reverse().map(([index, body]) => upload.putPart(index + 1, body)),
      )
      for (const { partNumber, sizeBytes, etag } of parts) {
        checkEqual(sizeBytes, bodies[partNumber - 1]?.byteLength, `the size of part ${partNumber}`)
        check(etag !== '', `part ${partNumber} has an ETag`)
      }
      await checkAbsent(store, 'key', 'before complete()')
      const { etag } = await upload.complete(inOrder(parts))
      await checkObject(store, 'key', concatBytes(bodies))
      checkEqual((await store.head('key'))?.etag, etag, 'the ETag')
      checkEqual(await listed(store), ['key'], 'the listing')
    },
  ),
  multipartCase('a Blob is a part', async (store, upload, limits) => {
    const bodies = partBodies(limits)
    const parts: Part[] = []
    for (const [index, body] of bodies.entries()) {
      parts.push(await upload.putPart(index + 1, new Blob([body])))
    }
    await upload.complete(parts)
    await checkObject(store, 'key', concatBytes(bodies))
  }),
  multipartCase('the same part again replaces it', async (store, upload, limits) => {
    const [first, second, last] = partBodies(limits)
    await upload.putPart(2, pattern(limits.minPartBytes, 99))
    const parts = [
      await upload.putPart(1, first),
      await upload.putPart(2, second),
      await upload.putPart(3, last),
    ]
    await upload.complete(parts)
    await checkObject(store, 'key', concatBytes([first, second, last]))
  }),
  multipartCase('one part alone may have any size', async (store, upload) => {
    await upload.complete([await upload.putPart(1, pattern(7))])
    await checkObject(store, 'key', pattern(7))
  }),
  multipartCase('the caller may use its buffers again', async (store, upload) => {
    const body = pattern(1000)
    const part = await upload.putPart(1, body)
    body.fill(0)
    await upload.complete([part])
    await checkObject(store, 'key', pattern(1000))
  }),
  {
    name: 'multipart: headers and metadata are those given at the start',
    async run(store) {
      if (!store.createMultipart) return
      const headers = {
        contentType: 'text/csv',
        metadata: { who: 'Zoë' },
        cacheControl: 'no-store',
      }
      const upload = await store.createMultipart('key', headers)
      await upload.complete([await upload.putPart(1, pattern(7))])
      const head = await store.head('key')
      check(head, 'head() found nothing')
      const { contentType, metadata, cacheControl } = head
      checkEqual({ contentType, metadata, cacheControl }, headers, 'what is kept beside the bytes')
    },
  },
  {
    name: 'multipart: an object stays as it is until its successor is complete',
    async run(store) {
      if (!store.createMultipart) return
      await store.put('key', pattern(50, 1), { metadata: { old: '1' } })
      const upload = await store.createMultipart('key')
      const part = await upload.putPart(1, pattern(7, 2))
      await checkObject(store, 'key', pattern(50, 1))
      await upload.complete([part])
      await checkObject(store, 'key', pattern(7, 2))
      checkEqual((await store.head('key'))?.metadata ?? {}, {}, 'metadata')
    },
  },
  {
    name: 'multipart: two uploads of one key do not mix',
    async run(store) {
      if (!store.createMultipart) return
      const one = await store.createMultipart('key')
      const two = await store.createMultipart('key')
      check(one.uploadId !== two.uploadId, 'each has an id of its own')
      const partOfOne = await one.putPart(1, pattern(10, 1))
      const partOfTwo = await two.putPart(1, pattern(10, 2))
      await one.complete([partOfOne])
      await checkObject(store, 'key', pattern(10, 1))
      await two.complete([partOfTwo])
      await checkObject(store, 'key', pattern(10, 2))
    },
  },
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
]

/** A case that begins with an upload of `key`. Passes where the store has no multipart: the verbs are then absent. */
export function multipartCase(
  name: string,
  run: (store: Store, upload: MultipartUpload, limits: MultipartLimits) => Promise<void>,
): StoreCase {
  return {
    name: `multipart: ${name}`,
    async run(store) {
      const limits = store.capabilities.multipart
      if (!store.createMultipart || !limits) return
      await run(store, await store.createMultipart('key'), limits)
    },
  }
}

/** Three parts that every store takes: two of the least size, and a smaller one. */
export function partBodies({ minPartBytes }: MultipartLimits): readonly [Bytes, Bytes, Bytes] {
  return [
    pattern(minPartBytes, 1),
    pattern(minPartBytes, 2),
    pattern(Math.ceil(minPartBytes / 3), 3),
  ]
}

function inOrder(parts: readonly Part[]): readonly Part[] {
  return [...parts].sort((a, b) => a.partNumber - b.partNumber)
}

function describe({ key, uploadId }: { key: string; uploadId: string }): string {
  return `${key} ${uploadId}`
}

async function listedUploads(store: Store, prefix: string): Promise<readonly string[]> {
  const found: string[] = []
  for await (const upload of store.listMultipart?.(prefix) ?? []) {
    check(Number.isFinite(upload.initiated.getTime()), 'initiated is a date')
    found.push(describe(upload))
  }
  return found.sort()
}
