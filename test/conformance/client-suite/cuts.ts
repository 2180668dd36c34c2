import {
  copyObject,
  createUpload,
  deleteObject,
  getObject,
  headObject,
  listObjects,
  putObject,
  type S3Client,
} from 'sluice/s3'
import {
  bytesOf,
  type ClientCase,
  check,
  checkBytes,
  checkEqual,
  checkKept,
  checkRejects,
  pattern,
} from './tools.ts'

const PUT = { method: 'PUT' } as const
const COMPLETE = { method: 'POST', query: 'uploadId=' } as const

/** The server did it, and its answer did not arrive whole: over a real connection that is cut. */
export const cutCases: readonly ClientCase[] = [
  {
    name: 'cuts: a put whose answer is lost is made again',
    async run({ client, cutting }) {
      await putObject(await cutting(PUT), 'key', pattern(100))
      await checkKept(client(), 'key', pattern(100))
    },
  },
  {
    name: 'cuts: a create whose answer is lost is its own, and another’s object is not',
    needs: 'conditionalPut',
    async run({ client, cutting }) {
      const { etag } = await putObject(await cutting(PUT), 'key', pattern(100), {
        ifNoneMatch: '*',
      })
      checkEqual((await headObject(client(), 'key'))?.etag, etag, 'the ETag')
      const rival = putObject(await cutting(PUT), 'key', pattern(9), { ifNoneMatch: '*' })
      await checkRejects(rival, 'precondition-failed', 'another creator', 'key')
      await checkKept(client(), 'key', pattern(100))
    },
  },
  {
    name: 'cuts: a replacement whose answer is lost is its own',
    needs: 'conditionalPut',
    async run({ client, cutting }) {
      const old = await putObject(client(), 'key', pattern(10))
      const ifMatch = old.etag
      const { etag } = await putObject(await cutting(PUT), 'key', pattern(100), { ifMatch })
      checkEqual((await headObject(client(), 'key'))?.etag, etag, 'the ETag')
      await checkKept(client(), 'key', pattern(100))
    },
  },
  {
    name: 'cuts: a part and a completion whose answers are lost',
    async run({ client, cutting }) {
      const upload = await createUpload(await cutting(PUT, COMPLETE), 'key')
      const { etag } = await upload.complete([await upload.putPart(1, pattern(100))])
      checkEqual((await headObject(client(), 'key'))?.etag, etag, 'the ETag')
      await checkKept(client(), 'key', pattern(100))
    },
  },
  {
    name: 'cuts: a creating completion whose answer is lost is its own, and another’s object is not',
    needs: 'conditionalComplete',
    async run({ client, cutting }) {
      const create = { ifNoneMatch: '*' } as const
      const upload = await createUpload(await cutting(COMPLETE), 'key')
      const { etag } = await upload.complete([await upload.putPart(1, pattern(100))], create)
      checkEqual((await headObject(client(), 'key'))?.etag, etag, 'the ETag')
      const rival = await createUpload(await cutting(COMPLETE), 'key')
      const completing = rival.complete([await rival.putPart(1, pattern(9))], create)
      await checkRejects(completing, 'precondition-failed', 'another creator', 'key')
      await rival.abort()
      await checkKept(client(), 'key', pattern(100))
    },
  },
  {
    name: 'cuts: a completion whose answer ends early is made again',
    async run({ client, cutting }) {
      const upload = await createUpload(await cutting({ ...COMPLETE, keepBytes: 60 }), 'key')
      await upload.complete([await upload.putPart(1, pattern(100))])
      await checkKept(client(), 'key', pattern(100))
      const chunked = { ...COMPLETE, keepBytes: 60, chunked: true }
      const again = await createUpload(await cutting(chunked), 'key')
      await again.complete([await again.putPart(1, pattern(200))])
      await checkKept(client(), 'key', pattern(200))
    },
  },
  {
    name: 'cuts: an abort, a deletion and a copy whose answers are lost',
    async run({ client, cutting }) {
      const to = await cutting({ method: 'DELETE' })
      const upload = await createUpload(to, 'parts')
      const part = await upload.putPart(1, pattern(10))
      await upload.abort()
      await checkRejects(upload.complete([part]), 'not-found', 'complete after abort', 'parts')
      await putObject(client(), 'key', pattern(10))
      await copyObject(await cutting(PUT), 'key', 'copy')
      await deleteObject(await cutting({ method: 'DELETE' }), 'key')
      checkEqual(await headObject(client(), 'key'), undefined, 'the deleted object')
      await checkKept(client(), 'copy', pattern(10))
    },
  },
  {
    name: 'cuts: a body that is cut short goes on from its last byte',
    async run({ client, cutting }) {
      const whole = pattern(1_000_000)
      const { etag } = await putObject(client(), 'key', whole)
      for (const chunked of [false, true]) {
        const ends = [300_000, 100_000, 0].map((keepBytes) => ({
          method: 'GET',
          keepBytes,
          chunked,
        }))
        // A body of unknown length tells no size of the object, unless it is a range of one.
        const options = chunked ? { range: { start: 0 } } : {}
        const found = await getObject(await cutting(...ends), 'key', options)
        checkEqual(found?.info.etag, etag, 'the ETag')
        checkBytes(await bytesOf(found?.body), whole, `the bytes${chunked ? ', in chunks' : ''}`)
      }
    },
  },
  {
    name: 'cuts: a range that is cut short goes on within itself',
    needs: 'rangeGet',
    async run({ client, cutting }) {
      const whole = pattern(1_000_000)
      await putObject(client(), 'key', whole)
      const from = await cutting({ method: 'GET', keepBytes: 1000 })
      const found = await getObject(from, 'key', { range: { start: 5000, end: 300_000 } })
      checkBytes(await bytesOf(found?.body), whole.slice(5000, 300_000), 'the range')
    },
  },
  {
    name: 'cuts: a body does not go on with another version',
    async run({ client, cutting }) {
      await putObject(client(), 'key', pattern(1_000_000, 1))
      const from = await cutting({ method: 'GET', keepBytes: 200_000 })
      const found = await getObject(from, 'key')
      check(found, 'there is no object')
      await putObject(client(), 'key', pattern(1_000_000, 2))
      await checkRejects(bytesOf(found.body), 'precondition-failed', 'the body', 'key')
    },
  },
  {
    name: 'cuts: a body that never comes whole is an error',
    async run({ client, cutting }) {
      await putObject(client(), 'key', pattern(1000))
      const from = await cutting(
        { method: 'GET', keepBytes: 500 },
        { method: 'GET', keepBytes: 0, times: 10 },
      )
      const found = await getObject(from, 'key')
      check(found, 'there is no object')
      await checkRejects(bytesOf(found.body), 'network', 'the body', 'key')
    },
  },
  {
    name: 'cuts: a listing that ends early is asked for again, and never believed',
    async run({ client, cutting }) {
      const keys = ['a', 'b/c', 'd']
      for (const key of keys) await putObject(client(), key, pattern(3))
      for (const chunked of [false, true]) {
        const cut = { method: 'GET', query: 'list-type', keepBytes: 400, chunked }
        checkEqual(await keysOf(await cutting(cut)), keys, 'the second answer')
        const never = keysOf(await cutting({ ...cut, times: 10 }))
        await checkRejects(never, ['network', 'protocol'], 'the listing')
      }
    },
  },
]

async function keysOf(client: S3Client): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const entry of listObjects(client)) {
    if (entry.kind === 'object') keys.push(entry.key)
  }
  return keys
}
