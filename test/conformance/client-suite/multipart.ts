import type { Part } from 'sluice'
import { createUpload, headObject, putObject, resumeUpload, type S3Client } from 'sluice/s3'
import { listUploads } from 'sluice/s3/janitor'
import { concatBytes } from '../../../src/core/bytes.ts'
import {
  type ClientCase,
  check,
  checkEqual,
  checkKept,
  checkRejects,
  PART_BYTES,
  pattern,
} from './tools.ts'

async function openUploads(client: S3Client, prefix: string): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const upload of listUploads(client, prefix)) ids.push(upload.uploadId)
  return ids
}

/** Uploads in parts. */
export const multipartCases: readonly ClientCase[] = [
  {
    name: 'multipart: parts in any order become the object, with its headers',
    async run({ client }) {
      const to = client()
      const headers = { contentType: 'text/csv', metadata: { a: 'größer' } }
      const upload = await createUpload(to, 'dir/größe 1.bin', headers)
      const pieces = [pattern(PART_BYTES, 1), pattern(1000, 2)]
      const last = await upload.putPart(2, new Blob([pieces[1] as Uint8Array<ArrayBuffer>]))
      const first = await upload.putPart(1, pieces[0] as Uint8Array<ArrayBuffer>)
      checkEqual(await headObject(to, upload.key), undefined, 'the object before complete')
      const { etag } = await upload.complete([first, last])
      const found = await headObject(to, upload.key)
      checkEqual(found?.etag, etag, 'the ETag')
      checkEqual(found?.contentType, headers.contentType, 'the content type')
      checkEqual(found?.metadata, headers.metadata, 'the metadata')
      await checkKept(to, upload.key, concatBytes(pieces))
    },
  },
  {
    name: 'multipart: an upload of one empty part is an empty object',
    async run({ client }) {
      const to = client()
      const upload = await createUpload(to, 'key')
      await upload.complete([await upload.putPart(1, pattern(0))])
      await checkKept(to, 'key', pattern(0))
    },
  },
  {
    name: 'multipart: another client goes on by the token, and a part sent again replaces the first',
    async run({ client }) {
      const upload = await createUpload(client(), 'key')
      await upload.putPart(1, pattern(10, 1))
      const again = resumeUpload(client(), JSON.parse(JSON.stringify(upload)))
      const part = await again.putPart(1, pattern(20, 2))
      await again.complete([part])
      await checkKept(client(), 'key', pattern(20, 2))
    },
  },
  {
    name: 'multipart: an open upload is listed, and one that was aborted is not',
    needs: 'listUploads',
    async run({ client }) {
      const to = client()
      const kept = await createUpload(to, 'dir/a +ü')
      const gone = await createUpload(to, 'dir/b')
      await gone.putPart(1, pattern(10))
      const all = await openUploads(to, 'dir/')
      checkEqual([...all].sort(), [kept.uploadId, gone.uploadId].sort(), 'before')
      await gone.abort()
      checkEqual(await openUploads(to, 'dir/'), [kept.uploadId], 'afterwards')
      await kept.abort()
    },
  },
  {
    name: 'multipart: after an abort nothing is there and nothing goes on; a second abort is none',
    async run({ client }) {
      const to = client()
      const upload = await createUpload(to, 'key')
      const part = await upload.putPart(1, pattern(10))
      await upload.abort()
      await upload.abort()
      await checkRejects(upload.complete([part]), 'not-found', 'complete', 'key')
      await checkRejects(upload.putPart(2, pattern(1)), 'not-found', 'putPart', 'key')
      checkEqual(await headObject(to, 'key'), undefined, 'the object')
    },
  },
  {
    name: 'multipart: complete creates or replaces under its condition, and stays open when refused',
    needs: 'conditionalComplete',
    async run({ client }) {
      const to = client()
      const { etag } = await putObject(to, 'key', pattern(10))
      const upload = await createUpload(to, 'key')
      const parts = [await upload.putPart(1, pattern(20, 2))]
      const creating = upload.complete(parts, { ifNoneMatch: '*' })
      await checkRejects(creating, 'precondition-failed', 'creating over an object', 'key')
      await checkKept(to, 'key', pattern(10))
      const replaced = await upload.complete(parts, { ifMatch: etag })
      check(replaced.etag !== etag, 'the ETag is the old one')
      await checkKept(to, 'key', pattern(20, 2))
      const next = await createUpload(to, 'key')
      const stale = next.complete([await next.putPart(1, pattern(30, 3))], { ifMatch: etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'key')
      await next.abort()
      await checkKept(to, 'key', pattern(20, 2))
    },
  },
  {
    name: 'multipart: a part that is not there, or of another ETag, completes nothing',
    async run({ client }) {
      const to = client()
      const upload = await createUpload(to, 'key')
      const part = await upload.putPart(1, pattern(10))
      const absent = { ...part, partNumber: 2 }
      const wrong = { ...part, etag: '0'.repeat(32) }
      for (const parts of [[absent], [wrong]]) {
        await checkRejects(upload.complete(parts), 'invalid-options', 'complete', 'key')
      }
      checkEqual(await headObject(to, 'key'), undefined, 'the object')
      await upload.abort()
    },
  },
  {
    name: 'multipart: parts are listed page by page, also to another client',
    async run({ client }) {
      const to = client()
      const upload = await createUpload(to, 'dir/ü +%')
      const parts: Part[] = []
      for (const partNumber of [7, 1, 3, 2, 10]) {
        const { etag, sizeBytes } = await upload.putPart(partNumber, pattern(partNumber))
        parts.push({ partNumber, etag, sizeBytes })
      }
      const pages: unknown[] = []
      const paged: S3Client = {
        ...to,
        send(call) {
          pages.push(call.query?.['part-number-marker'])
          return to.send({ ...call, query: { ...call.query, 'max-parts': 2 } })
        },
      }
      const listed: Part[] = []
      for await (const part of resumeUpload(paged, upload.toJSON()).listParts?.() ?? []) {
        listed.push(part)
      }
      parts.sort((a, b) => a.partNumber - b.partNumber)
      checkEqual(listed, parts, 'the parts')
      checkEqual(pages, [undefined, 2, 7], 'where each page begins')
      await upload.abort()
    },
  },
  {
    name: 'multipart: the ETag of a part that is hidden from a page is found',
    async run({ client }) {
      const to = client({
        async fetch(url, init) {
          const response = await fetch(url, init)
          if (!url.includes('partNumber=')) return response
          const headers = new Headers(response.headers)
          headers.delete('etag')
          return new Response(await response.arrayBuffer(), { status: response.status, headers })
        },
      })
      const pieces = [pattern(PART_BYTES, 1), pattern(PART_BYTES, 2), pattern(1000, 3)]
      const upload = await createUpload(to, 'key')
      const parts: Part[] = []
      // As they may arrive: before those that they follow, too.
      for (const partNumber of [3, 1, 2]) {
        const piece = pieces[partNumber - 1] ?? pattern(0)
        parts[partNumber - 1] = await upload.putPart(partNumber, piece)
      }
      await upload.complete(parts)
      await checkKept(to, 'key', concatBytes(pieces))
    },
  },
  {
    name: 'multipart: a signal ends a part, and the upload can still be aborted',
    async run({ client }) {
      const to = client()
      const upload = await createUpload(to, 'key')
      const controller = new AbortController()
      const { signal } = controller
      const putting = upload.putPart(1, pattern(PART_BYTES), { signal })
      controller.abort()
      await checkRejects(putting, 'aborted', 'putPart')
      await upload.abort()
      await checkRejects(upload.putPart(1, pattern(1)), 'not-found', 'putPart after abort', 'key')
    },
  },
]
