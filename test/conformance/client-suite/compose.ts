import { headObject, putObject, type S3Client } from 'sluice/s3'
import { appendObject, composeObjects } from 'sluice/s3/compose'
import { concatBytes } from '../../../src/core/bytes.ts'
import {
  type ClientCase,
  checkEqual,
  checkKept,
  checkNothing,
  checkNoUpload,
  checkRejects,
  type Fetch,
  noting,
  PART_BYTES,
  pattern,
} from './tools.ts'

/** A way to the server on which somebody else writes to the key right before the first such request arrives. */
function racing(rival: S3Client, key: string, method: string, query: string): Fetch {
  let raced = false
  return async (url, init) => {
    if (!raced && init.method === method && new URL(url).search.startsWith(query)) {
      raced = true
      await putObject(rival, key, pattern(7, 7))
    }
    return fetch(url, init)
  }
}

/** What the server puts together of what it has. */
export const composeCases: readonly ClientCase[] = [
  {
    name: 'compose: objects and ranges of them, one after the other',
    needs: 'compose',
    async run({ client }) {
      const to = client()
      const large = pattern(PART_BYTES, 1)
      const small = pattern(100, 2)
      await putObject(to, 'von/ü +%', large)
      await putObject(to, 'klein', small)
      const { etag } = await composeObjects(
        to,
        [{ key: 'von/ü +%' }, { key: 'klein' }, { key: 'von/ü +%', range: { start: 9, end: 999 } }],
        'nach/日本',
        { contentType: 'text/x-test', metadata: { a: 'größer' } },
      )
      const found = await headObject(client(), 'nach/日本')
      checkEqual(found?.etag, etag, 'the ETag')
      checkEqual(found?.contentType, 'text/x-test', 'the content type')
      checkEqual(found?.metadata, { a: 'größer' }, 'the metadata')
      await checkKept(client(), 'nach/日本', concatBytes([large, small, large.subarray(9, 999)]))
    },
  },
  {
    name: 'compose: of what is absent, or of another version, nothing is made',
    needs: 'compose',
    async run({ client }) {
      const to = client()
      await putObject(to, 'here', pattern(PART_BYTES))
      const absent = composeObjects(to, [{ key: 'here' }, { key: 'absent' }], 'to')
      await checkRejects(absent, 'not-found', 'an absent source', 'absent')
      const ifMatch = '0'.repeat(32)
      const stale = composeObjects(to, [{ key: 'here', ifMatch }, { key: 'here' }], 'to')
      await checkRejects(stale, 'precondition-failed', 'another version', 'here')
      await checkNothing(to, 'to')
    },
  },
  {
    name: 'append: to nothing, to a little, and to what is copied on the server',
    needs: 'conditionalComplete',
    async run({ client }) {
      const to = client()
      const metadata = { a: 'b' }
      await appendObject(to, 'log', pattern(10, 1), { metadata, contentType: 'text/x-test' })
      await appendObject(to, 'log', new Blob([pattern(20, 2)]))
      await checkKept(to, 'log', concatBytes([pattern(10, 1), pattern(20, 2)]))
      const { contentType, metadata: kept } = (await headObject(to, 'log')) ?? {}
      checkEqual({ contentType, kept }, { contentType: 'text/x-test', kept: metadata }, 'headers')
      const large = pattern(PART_BYTES, 3)
      await putObject(to, 'large', large, { metadata })
      const sent: string[] = []
      const noted = client({ fetch: noting(sent) })
      await appendObject(noted, 'large', pattern(100, 4))
      checkEqual(sent.includes('GET'), false, 'whether it was downloaded')
      checkEqual((await headObject(to, 'large'))?.metadata, metadata, 'its metadata')
      await checkKept(to, 'large', concatBytes([large, pattern(100, 4)]))
    },
  },
  {
    name: 'append: somebody else’s write in between is not lost',
    needs: 'conditionalComplete',
    async run({ client }) {
      for (const [key, sizeBytes, method, query] of [
        ['none', 0, 'PUT', ''],
        ['small', 10, 'PUT', ''],
        ['large', PART_BYTES, 'POST', '?uploadId='],
      ] as const) {
        if (sizeBytes > 0) await putObject(client(), key, pattern(sizeBytes))
        const raced = client({ fetch: racing(client(), key, method, query) })
        const appending = appendObject(raced, key, pattern(100, 2))
        await checkRejects(appending, 'precondition-failed', `an append to ${key}`, key)
        await checkKept(client(), key, pattern(7, 7))
        await checkNoUpload(client(), key)
      }
    },
  },
]
