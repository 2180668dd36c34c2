import type { Bytes, MultipartLimits, MultipartUpload, Part, Store } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkEqual } from '../check.ts'
import { checkAbsent, checkObject, listed, pattern, type StoreCase } from './tools.ts'

/** Objects that come in parts. How uploads end is in `multipart-end.ts`, how others see them in `uploads.ts`. */
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
