import { copyObject, headObject, putObject } from 'sluice/s3'
import { type ClientCase, checkEqual, checkKept, checkRejects, pattern } from './tools.ts'

/** Copies on the server. */
export const copyCases: readonly ClientCase[] = [
  {
    name: 'copies: the bytes, the headers and the metadata',
    needs: 'copy',
    async run({ client }) {
      const to = client()
      const headers = { contentType: 'text/plain', metadata: { a: 'größer' } }
      await putObject(to, 'von/ü +%.txt', pattern(1000), headers)
      const { etag } = await copyObject(to, 'von/ü +%.txt', 'nach/日本.txt')
      const found = await headObject(to, 'nach/日本.txt')
      checkEqual(found?.etag, etag, 'the ETag')
      checkEqual(found?.contentType, headers.contentType, 'the content type')
      checkEqual(found?.metadata, headers.metadata, 'the metadata')
      await checkKept(to, 'nach/日本.txt', pattern(1000))
    },
  },
  {
    name: 'copies: an absent source is not-found, and nothing is written',
    needs: 'copy',
    async run({ client }) {
      const to = client()
      await checkRejects(copyObject(to, 'absent', 'to'), 'not-found', 'copy', 'absent')
      checkEqual(await headObject(to, 'to'), undefined, 'the target')
    },
  },
  {
    name: 'copies: with a condition, creating and replacing',
    needs: 'conditionalComplete',
    async run({ client }) {
      const to = client()
      const metadata = { a: 'b' }
      await putObject(to, 'from', pattern(1000), { metadata, contentType: 'text/plain' })
      await putObject(to, 'empty', pattern(0))
      const { etag } = await copyObject(to, 'from', 'to', { ifNoneMatch: '*' })
      const again = copyObject(to, 'from', 'to', { ifNoneMatch: '*' })
      await checkRejects(again, 'precondition-failed', 'creating again', 'to')
      const { contentType, metadata: kept } = (await headObject(to, 'to')) ?? {}
      checkEqual({ contentType, kept }, { contentType: 'text/plain', kept: metadata }, 'headers')
      await checkKept(to, 'to', pattern(1000))
      await copyObject(to, 'empty', 'to', { ifMatch: etag })
      await checkKept(to, 'to', pattern(0))
      const stale = copyObject(to, 'from', 'to', { ifMatch: etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'to')
    },
  },
]
