import {
  copyObject,
  deleteObject,
  deleteObjects,
  headObject,
  listObjects,
  putObject,
} from 'sluice/s3'
import { type ClientCase, checkEqual, checkKept, checkRejects, noFetch, pattern } from './tools.ts'

const HOSTILE = [
  'a b+c&d=e@f:g;h,i',
  "a'b(c)d*e!f~g$h",
  'a?b#c%d%2Fe%20f',
  'a"b<c>d`e^f{g}h|i[j]k',
  'grün/größe/ñ',
  '日本/語',
  '😀/a😀',
  '...a/b..',
]

const REFUSED: Readonly<Record<string, string>> = {
  'an empty key': '',
  'a dot segment': './a',
  'two dots': 'a/../b',
  'two dots at the end': 'a/..',
  'a lone surrogate': 'a\ud800b',
  'a control character': 'a\u0001b',
  'a line break': 'a\nb',
  '1,025 bytes': 'x'.repeat(1025),
  '1,026 bytes of UTF-8': 'ü'.repeat(513),
}

/** Each key is its own object, or is refused before anything is sent. */
export const keyCases: readonly ClientCase[] = [
  {
    name: 'keys: hostile ones are put, listed, copied and deleted under their own name',
    async run({ client }) {
      const to = client()
      for (const [i, key] of HOSTILE.entries()) await putObject(to, key, pattern(10 + i))
      const listed: string[] = []
      for await (const entry of listObjects(to)) {
        if (entry.kind === 'object') listed.push(entry.key)
      }
      checkEqual([...listed].sort(), [...HOSTILE].sort(), 'the listing')
      for (const [i, key] of HOSTILE.entries()) {
        await checkKept(to, key, pattern(10 + i))
        await copyObject(to, key, `copy of ${i}`)
        await checkKept(to, `copy of ${i}`, pattern(10 + i))
      }
      const [first = '', ...others] = HOSTILE
      await deleteObject(to, first)
      checkEqual(await deleteObjects(to, others), { deleted: others.length, failed: [] }, 'deleted')
      for (const key of HOSTILE) checkEqual(await headObject(to, key), undefined, `head of ${key}`)
    },
  },
  {
    name: 'keys: what differs only by its escapes is another object',
    async run({ client }) {
      const to = client()
      const keys = ['k b', 'k+b', 'k%20b', 'k%2Bb', 'k%2520b']
      for (const [i, key] of keys.entries()) await putObject(to, key, pattern(10 + i))
      for (const [i, key] of keys.entries()) await checkKept(to, key, pattern(10 + i))
    },
  },
  ...Object.entries(REFUSED).map(
    ([what, key]): ClientCase => ({
      name: `keys: ${what} is refused before anything is sent`,
      async run({ client }) {
        const to = client({ fetch: noFetch })
        const calls = {
          put: putObject(to, key, pattern(1)),
          head: headObject(to, key),
          delete: deleteObject(to, key),
          deleteObjects: deleteObjects(to, ['good', key]),
          'copy to': copyObject(to, 'good', key),
          'copy from': copyObject(to, key, 'good'),
        }
        // All of them at once: a rejection that nobody awaits yet is not unhandled.
        const settled = Object.entries(calls).map(([verb, call]) =>
          checkRejects(call, 'invalid-key', `${verb} of ${what}`, key),
        )
        await Promise.all(settled)
      },
    }),
  ),
]
