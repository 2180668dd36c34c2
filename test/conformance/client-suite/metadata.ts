import { getObject, headObject, putObject } from 'sluice/s3'
import { type ClientCase, checkEqual, pattern } from './tools.ts'

/** What is kept beside the bytes. */
export const metadataCases: readonly ClientCase[] = [
  {
    name: 'metadata: headers and words come back from head and get',
    async run({ client }) {
      const to = client()
      const headers = {
        contentType: 'text/csv; charset=utf-8',
        cacheControl: 'max-age=60, private',
        contentDisposition: 'attachment; filename="a b.csv"',
        metadata: {
          plain: 'word',
          'two-words': 'a b',
          symbols: `!#$%&'*+-.^_|~:;,<>@[]{}()?="\\/`,
        },
      }
      await putObject(to, 'key', pattern(5), headers)
      const found = await getObject(to, 'key')
      await found?.body.cancel()
      for (const info of [await headObject(to, 'key'), found?.info]) {
        const { contentType, cacheControl, contentDisposition, metadata } = info ?? {}
        checkEqual({ contentType, cacheControl, contentDisposition, metadata }, headers, 'headers')
      }
    },
  },
  {
    name: 'metadata: text beyond ASCII goes and comes by RFC 2047',
    async run({ client }) {
      const to = client()
      const metadata = {
        latin: 'größer',
        astral: '日本語 👩‍🚀',
        long: 'ü'.repeat(150),
        spaces: '  a  b ',
        looks: '=?UTF-8?B?w7w=?=',
      }
      await putObject(to, 'key', pattern(5), { metadata })
      checkEqual((await headObject(to, 'key'))?.metadata, metadata, 'metadata')
    },
  },
  {
    name: 'metadata: encoded words that another client wrote are read',
    async run({ client }) {
      const to = client()
      await to.send({
        operation: 'PutObject',
        method: 'PUT',
        key: 'key',
        headers: {
          'content-type': 'text/plain',
          'x-amz-meta-q': '=?UTF-8?Q?gr=C3=B6=C3=9Fer_als?=',
          'x-amz-meta-b': '=?utf-8?b?5pel5pys?= =?utf-8?b?6Kqe?=',
        },
        body: pattern(3),
        read: async (response) => void (await response.body?.cancel()),
      })
      const metadata = { q: 'größer als', b: '日本語' }
      checkEqual((await headObject(to, 'key'))?.metadata, metadata, 'metadata')
    },
  },
]
