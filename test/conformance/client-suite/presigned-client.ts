import {
  copyObject,
  createUpload,
  deleteObject,
  deleteObjects,
  getObject,
  headObject,
  listObjects,
  put,
  putObject,
  type S3Client,
} from 'sluice/s3'
import { presign } from 'sluice/s3/presign'
import { presignedClient } from 'sluice/s3/presigned-client'
import {
  bytesOf,
  type ClientCase,
  checkBytes,
  checkEqual,
  checkKept,
  checkNothing,
  checkRejects,
  PART_BYTES,
  pattern,
} from './tools.ts'

/** A client without a key, and one with it that signs what lies in one folder. */
function keyless(holder: S3Client): S3Client {
  return presignedClient({
    bucket: holder.bucket,
    provider: holder.provider,
    retry: { baseMs: 1 },
    async sign(request) {
      if (request.key?.startsWith('private/')) throw new Error('not this one')
      // What a page would get: JSON.
      const asked = JSON.parse(JSON.stringify(request)) as typeof request
      return JSON.parse(JSON.stringify(await presign(holder, asked)))
    },
  })
}

/** The operations by somebody who holds no key. */
export const presignedClientCases: readonly ClientCase[] = [
  {
    name: 'presigned client: puts, asks, reads, lists, copies and deletes',
    async run({ client }) {
      const to = keyless(client())
      const metadata = { who: 'Zoë' }
      const key = 'with space/😀.bin'
      await putObject(to, key, pattern(100), { metadata, contentType: 'text/plain' })
      checkEqual((await headObject(to, key))?.metadata, metadata, 'the metadata')
      await checkKept(to, key, pattern(100))
      const found = await getObject(to, key, { range: { start: 10, end: 20 } })
      checkBytes(await bytesOf(found?.body), pattern(100).slice(10, 20), 'a range')
      await copyObject(to, key, 'copy')
      const listed: string[] = []
      for await (const entry of listObjects(to)) if (entry.kind === 'object') listed.push(entry.key)
      checkEqual(listed, ['copy', key], 'the listing')
      await deleteObject(to, 'copy')
      checkEqual(await deleteObjects(to, [key, 'absent']), { deleted: 2, failed: [] }, 'deleted')
      checkEqual(await headObject(to, key), undefined, 'the object afterwards')
    },
  },
  {
    name: 'presigned client: creates once',
    needs: 'conditionalPut',
    async run({ client }) {
      const to = keyless(client())
      await putObject(to, 'key', pattern(10), { ifNoneMatch: '*' })
      const again = putObject(to, 'key', pattern(11), { ifNoneMatch: '*' })
      await checkRejects(again, 'precondition-failed', 'creating again', 'key')
    },
  },
  {
    name: 'presigned client: uploads in parts, and aborts',
    async run({ client }) {
      const to = keyless(client())
      const upload = await createUpload(to, 'a b/ü')
      await upload.complete([await upload.putPart(1, pattern(100))])
      await checkKept(to, 'a b/ü', pattern(100))
      const gone = await createUpload(to, 'gone')
      await gone.putPart(1, pattern(10))
      await gone.abort()
      checkEqual(await headObject(to, 'gone'), undefined, 'the aborted object')
    },
  },
  {
    name: 'presigned client: puts a Blob in parts, and nothing of what fails',
    async run({ client }) {
      const to = keyless(client())
      const bytes = pattern(2 * PART_BYTES + 1000)
      const file = new Blob([bytes], { type: 'image/png' })
      const { peakBytes } = await put(to, 'a b/ü', file, { partBytes: PART_BYTES })
      checkEqual(peakBytes, 0, 'what was copied')
      await checkKept(to, 'a b/ü', bytes)
      const failing = (async function* () {
        yield bytes
        throw new Error('the disk is gone')
      })()
      const putting = put(to, 'gone', failing, { partBytes: PART_BYTES })
      await checkRejects(putting, 'aborted', 'put')
      await checkNothing(client(), 'gone')
    },
  },
  {
    name: 'presigned client: what is not signed is not sent',
    async run({ client }) {
      const to = keyless(client())
      const putting = putObject(to, 'private/x', pattern(1))
      await checkRejects(putting, 'unauthenticated', 'put', 'private/x')
      checkEqual(await headObject(client(), 'private/x'), undefined, 'the object')
    },
  },
]
