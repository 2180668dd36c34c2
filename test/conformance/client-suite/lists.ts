import { deleteObjects, listObjects, putObject, type S3Client } from 'sluice/s3'
import { limiter } from '../../../src/core/limiter.ts'
import { type ClientCase, checkEqual, checkRejects, noFetch, pattern } from './tools.ts'

type ListOptions = Parameters<typeof listObjects>[1]

async function listed(client: S3Client, options?: ListOptions): Promise<readonly string[]> {
  const names: string[] = []
  for await (const entry of listObjects(client, options)) {
    names.push(entry.kind === 'object' ? entry.key : entry.prefix)
  }
  return names
}

async function putAll(client: S3Client, keys: readonly string[]): Promise<void> {
  const limit = limiter(16)
  await Promise.all(keys.map((key) => limit(() => putObject(client, key, pattern(3)))))
}

/** Listings, whole and in order, and deletions by batches. */
export const listCases: readonly ClientCase[] = [
  {
    name: 'lists: more than 1,000 keys and prefixes in turn, after a key, and deleted in batches',
    async run({ client }) {
      const to = client()
      // `.` sorts before `/`, so that a key and a prefix come in turn.
      const numbers = Array.from({ length: 505 }, (_, i) => String(i).padStart(3, '0'))
      const keys = numbers.flatMap((number) => [`k${number}.bin`, `k${number}/x`])
      const folded = numbers.flatMap((number) => [`k${number}.bin`, `k${number}/`])
      await putAll(to, keys)
      checkEqual(await listed(to), keys, 'all')
      checkEqual(await listed(to, { delimiter: '/' }), folded, 'folded')
      const after = { startAfter: 'k002.bin' }
      checkEqual(await listed(to, after), keys.slice(5), 'after k002.bin')
      const prefixed = await listed(to, { prefix: 'k50', delimiter: '/' })
      checkEqual(prefixed, folded.slice(1000), 'beginning with k50, folded')
      const result = await deleteObjects(to, [...keys, 'absent'])
      checkEqual(result, { deleted: keys.length + 1, failed: [] }, 'the deletion')
      checkEqual(await listed(to), [], 'what is left')
    },
  },
  {
    name: 'lists: an object is listed with its size, ETag and time',
    async run({ client }) {
      const to = client()
      const { etag } = await putObject(to, 'a/b', pattern(123))
      for await (const entry of listObjects(to)) {
        if (entry.kind !== 'object') throw new Error('a prefix was listed')
        const { key, sizeBytes, lastModified } = entry
        checkEqual({ key, sizeBytes, etag: entry.etag }, { key: 'a/b', sizeBytes: 123, etag }, 'it')
        const offMs = Math.abs(Date.now() - lastModified.getTime())
        checkEqual(offMs < 15 * 60_000, true, `its time, ${lastModified}, is now`)
      }
    },
  },
  {
    name: 'lists: a prefix that begins no key is refused before anything is sent',
    async run({ client }) {
      const listing = listed(client({ fetch: noFetch }), { prefix: 'a/../' })
      await checkRejects(listing, 'invalid-key', 'a dot segment')
    },
  },
]
