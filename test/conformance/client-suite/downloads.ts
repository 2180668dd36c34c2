import { putObject } from 'sluice/s3'
import { getObjectInParts } from 'sluice/s3/download'
import {
  bytesOf,
  type ClientCase,
  check,
  checkBytes,
  checkEqual,
  checkRejects,
  noting,
  pattern,
} from './tools.ts'

const SIZE_BYTES = 95_000
const IN_PARTS = { partBytes: 10_000, concurrency: 3 }

/** Objects read by several requests. */
export const downloadCases: readonly ClientCase[] = [
  {
    name: 'downloads: an object and ranges of it, by several requests in one order',
    needs: 'rangeGet',
    async run({ client }) {
      const sent: string[] = []
      const from = client({ fetch: noting(sent) })
      const bytes = pattern(SIZE_BYTES)
      const { etag } = await putObject(from, 'key', bytes, { contentType: 'text/x-test' })
      for (const [range, requests] of [
        [undefined, 10],
        [{ start: 5000, end: 25_001 }, 3],
        [{ start: 90_000 }, 1],
        [{ start: 94_000, end: 1_000_000 }, 1],
      ] as const) {
        sent.length = 0
        const found = await getObjectInParts(from, 'key', { ...IN_PARTS, range })
        checkEqual(found?.info.etag, etag, 'the ETag')
        checkEqual(found?.info.sizeBytes, SIZE_BYTES, 'the size')
        const { start, end } = { start: 0, end: SIZE_BYTES, ...range }
        const what = `[${start}, ${end})`
        checkBytes(await bytesOf(found?.body), bytes.subarray(start, end), what)
        checkEqual(sent.length, requests, `the requests for ${what}`)
      }
    },
  },
  {
    name: 'downloads: what is empty, absent, or beyond the end',
    needs: 'rangeGet',
    async run({ client }) {
      const from = client()
      await putObject(from, 'empty', pattern(0))
      const empty = await getObjectInParts(from, 'empty', IN_PARTS)
      checkEqual(empty?.info.sizeBytes, 0, 'the size')
      checkBytes(await bytesOf(empty?.body), pattern(0), 'an empty object')
      checkEqual(await getObjectInParts(from, 'absent', IN_PARTS), undefined, 'an absent one')
      await putObject(from, 'key', pattern(10))
      const beyond = getObjectInParts(from, 'key', { range: { start: 10 } })
      await checkRejects(beyond, 'invalid-options', 'a range beyond the end', 'key')
    },
  },
  {
    name: 'downloads: an object that is replaced meanwhile is an error',
    needs: 'rangeGet',
    async run({ client }) {
      const from = client()
      await putObject(from, 'key', pattern(SIZE_BYTES, 1))
      const found = await getObjectInParts(from, 'key', IN_PARTS)
      check(found, 'there is no object')
      await putObject(from, 'key', pattern(SIZE_BYTES, 2))
      await checkRejects(bytesOf(found.body), 'precondition-failed', 'the body', 'key')
    },
  },
]
