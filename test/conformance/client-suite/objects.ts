import { deleteObject, getObject, headObject, listObjects, putObject } from 'sluice/s3'
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

const GZIP = { contentEncoding: 'gzip', contentType: 'text/plain' }

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** Put, get, head and delete of one object. */
export const objectCases: readonly ClientCase[] = [
  {
    name: 'objects: bytes, a Blob and nothing at all are put and read back',
    async run({ client }) {
      const to = client()
      const large = pattern(3_000_001)
      const bodies = { bytes: pattern(1000), blob: new Blob([large.slice()]), nothing: pattern(0) }
      for (const [key, body] of Object.entries(bodies)) await putObject(to, key, body)
      await putObject(to, 'empty blob', new Blob([]))
      await checkKept(to, 'bytes', bodies.bytes)
      await checkKept(to, 'blob', large)
      await checkKept(to, 'nothing', bodies.nothing)
      await checkKept(to, 'empty blob', bodies.nothing)
    },
  },
  {
    name: 'objects: put, head and get agree on the ETag, which changes with the bytes',
    async run({ client }) {
      const to = client()
      const first = await putObject(to, 'key', pattern(10))
      checkEqual((await headObject(to, 'key'))?.etag, first.etag, 'the ETag of head')
      const found = await getObject(to, 'key')
      await found?.body.cancel()
      checkEqual(found?.info.etag, first.etag, 'the ETag of get')
      const second = await putObject(to, 'key', pattern(11))
      check(second.etag !== first.etag, 'other bytes have the same ETag')
      await checkKept(to, 'key', pattern(11))
    },
  },
  {
    name: 'objects: an absent key is undefined',
    async run({ client }) {
      const to = client()
      checkEqual(await getObject(to, 'absent'), undefined, 'get')
      checkEqual(await headObject(to, 'absent'), undefined, 'head')
      await deleteObject(to, 'absent')
    },
  },
  {
    name: 'objects: an absent bucket is an error that names it',
    async run({ client }) {
      const to = client({ bucket: 'sluice-test-absent-bucket' })
      const calls = {
        get: () => getObject(to, 'key'),
        put: () => putObject(to, 'key', pattern(1)),
        list: () => listObjects(to).next(),
      }
      for (const [verb, call] of Object.entries(calls)) {
        const error = await checkRejects(call(), 'not-found', verb)
        checkEqual(error.serverCode, 'NoSuchBucket', `${verb}: the code of the server`)
        check(error.message.includes('sluice-test-absent-bucket'), `${verb}: ${error.message}`)
      }
    },
  },
  {
    name: 'objects: what was deleted is gone',
    async run({ client }) {
      const to = client()
      await putObject(to, 'a/b', pattern(3))
      await deleteObject(to, 'a/b')
      checkEqual(await headObject(to, 'a/b'), undefined, 'head after delete')
      await deleteObject(to, 'a/b')
    },
  },
  {
    name: 'objects: a range is its bytes, and the size is the whole',
    needs: 'rangeGet',
    async run({ client }) {
      const to = client()
      const whole = pattern(1000)
      await putObject(to, 'key', whole)
      const ranges: readonly [{ start: number; end?: number }, Uint8Array<ArrayBuffer>][] = [
        [{ start: 0, end: 1 }, whole.slice(0, 1)],
        [{ start: 10, end: 20 }, whole.slice(10, 20)],
        [{ start: 990 }, whole.slice(990)],
        [{ start: 999, end: 5000 }, whole.slice(999)],
      ]
      for (const [range, expected] of ranges) {
        const found = await getObject(to, 'key', { range })
        checkEqual(found?.info.sizeBytes, 1000, `the size with ${JSON.stringify(range)}`)
        checkBytes(await bytesOf(found?.body), expected, JSON.stringify(range))
      }
    },
  },
  {
    name: 'objects: a range outside the object is invalid-options',
    needs: 'rangeGet',
    async run({ client }) {
      const to = client()
      await putObject(to, 'key', pattern(100))
      for (const start of [100, 5000]) {
        const getting = getObject(to, 'key', { range: { start } })
        await checkRejects(getting, 'invalid-options', `the bytes from ${start}`, 'key')
      }
    },
  },
  {
    name: 'objects: get with ifMatch gives this version or precondition-failed',
    async run({ client }) {
      const to = client()
      const { etag } = await putObject(to, 'key', pattern(10))
      const found = await getObject(to, 'key', { ifMatch: etag })
      checkBytes(await bytesOf(found?.body), pattern(10), 'the version')
      await putObject(to, 'key', pattern(11))
      const stale = getObject(to, 'key', { ifMatch: etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'key')
    },
  },
  {
    name: 'objects: put with ifNoneMatch creates, once',
    needs: 'conditionalPut',
    async run({ client }) {
      const to = client()
      const { etag } = await putObject(to, 'key', pattern(10), { ifNoneMatch: '*' })
      const again = putObject(to, 'key', pattern(11), { ifNoneMatch: '*' })
      await checkRejects(again, 'precondition-failed', 'creating again', 'key')
      checkEqual((await headObject(to, 'key'))?.etag, etag, 'the ETag afterwards')
      await checkKept(to, 'key', pattern(10))
    },
  },
  {
    name: 'objects: put with ifMatch replaces this version only',
    needs: 'conditionalPut',
    async run({ client }) {
      const to = client()
      const { etag } = await putObject(to, 'key', pattern(10))
      await putObject(to, 'key', pattern(11), { ifMatch: etag })
      const stale = putObject(to, 'key', pattern(12), { ifMatch: etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'key')
      const absent = putObject(to, 'absent', pattern(12), { ifMatch: etag })
      await checkRejects(absent, 'precondition-failed', 'an absent key', 'absent')
      await checkKept(to, 'key', pattern(11))
      checkEqual(await headObject(to, 'absent'), undefined, 'the absent key')
    },
  },
  {
    name: 'objects: of many creators at once one wins',
    needs: 'conditionalPut',
    async run({ client }) {
      const to = client()
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, (_, i) =>
          putObject(to, 'key', pattern(100, i + 1), { ifNoneMatch: '*' }),
        ),
      )
      const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
      checkEqual(winners.length, 1, 'how many won')
      for (const result of results) {
        if (result.status === 'rejected') {
          const lost = Promise.reject(result.reason)
          await checkRejects(lost, 'precondition-failed', 'a creator who lost', 'key')
        }
      }
      await checkKept(to, 'key', pattern(100, (winners[0] ?? 0) + 1))
    },
  },
  {
    name: 'objects: what is gzip comes back unpacked',
    async run({ client }) {
      const to = client()
      const text = 'a line of text\n'.repeat(200)
      await putObject(to, 'key', await gzip(text), GZIP)
      const found = await getObject(to, 'key')
      checkEqual(found?.info.contentEncoding, 'gzip', 'the content encoding')
      checkEqual(new TextDecoder().decode(await bytesOf(found?.body)), text, 'the text')
    },
  },
  {
    name: 'objects: of what is gzip no range is read, and the refusal says so',
    needs: 'rangeGet',
    async run({ client }) {
      const to = client()
      await putObject(to, 'key', await gzip('a line of text\n'.repeat(200)), GZIP)
      const ranged = getObject(to, 'key', { range: { start: 3, end: 9 } })
      await checkRejects(ranged, 'not-supported', 'a range', 'key')
    },
  },
  {
    name: 'objects: a signal ends each call, before it and within a body',
    async run({ client }) {
      const to = client()
      await putObject(to, 'key', pattern(4_000_000))
      const before = AbortSignal.abort()
      const calls = {
        put: putObject(to, 'key', pattern(1), { signal: before }),
        get: getObject(to, 'key', { signal: before }),
        head: headObject(to, 'key', { signal: before }),
        delete: deleteObject(to, 'key', { signal: before }),
      }
      for (const [name, call] of Object.entries(calls)) await checkRejects(call, 'aborted', name)
      const controller = new AbortController()
      const found = await getObject(to, 'key', { signal: controller.signal })
      const reader = found?.body.getReader()
      await reader?.read()
      controller.abort()
      const rest = (async () => {
        while (!(await reader?.read())?.done);
      })()
      await checkRejects(rest, 'aborted', 'the rest of the body')
      await checkKept(to, 'key', pattern(4_000_000))
    },
  },
]
