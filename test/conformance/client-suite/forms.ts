import { headObject } from 'sluice/s3'
import { type PostForm, postPolicy } from 'sluice/s3/post-policy'
import { type ClientCase, check, checkEqual, checkRejects, noFetch } from './tools.ts'

/** The status, or 0 for an answer that a page may not read. */
async function post(
  made: PostForm,
  fields: Readonly<Record<string, string>>,
  sizeBytes: number,
): Promise<number> {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...made.fields, ...fields })) {
    form.append(name, value)
  }
  form.append('file', new Blob(['x'.repeat(sizeBytes)]), 'cat.png')
  try {
    const response = await fetch(made.url, { method: 'POST', body: form })
    await response.body?.cancel()
    return response.status
  } catch {
    return 0
  }
}

/** Uploads by a form (POST policy). */
export const formCases: readonly ClientCase[] = [
  {
    name: 'forms: a form puts one file, and nothing but what its policy says',
    async run({ client }) {
      const holder = client()
      const made = await postPolicy(holder, {
        keyPrefix: 'forms/',
        contentTypePrefix: 'image/',
        minBytes: 2,
        maxBytes: 5,
        metadata: { a: 'b' },
      })
      // versitygw takes the field's `${filename}` for a name.
      const png = { 'Content-Type': 'image/png', key: 'forms/cat.png' }
      const wrong: readonly [what: string, fields: Readonly<Record<string, string>>, n: number][] =
        [
          ['too large', png, 6],
          ['too small', png, 1],
          ['of another type', { ...png, 'Content-Type': 'text/html' }, 5],
          ['of other metadata', { ...png, 'x-amz-meta-a': 'c' }, 5],
          ['for another key', { ...png, key: 'other/cat.png' }, 5],
        ]
      for (const [what, fields, sizeBytes] of wrong) {
        const status = await post(made, fields, sizeBytes)
        check([0, 400, 403].includes(status), `a file ${what} was answered ${status}`)
      }
      for (const key of ['forms/cat.png', 'other/cat.png']) {
        checkEqual(await headObject(holder, key), undefined, key)
      }
      const status = await post(made, png, 5)
      check(status < 300, `the file was answered ${status}`)
      const { sizeBytes, contentType, metadata } = (await headObject(holder, png.key)) ?? {}
      const expected = { sizeBytes: 5, contentType: 'image/png', metadata: { a: 'b' } }
      checkEqual({ sizeBytes, contentType, metadata }, expected, 'the object')
    },
  },
  {
    name: 'forms: bad input is refused, and signing sends nothing',
    async run({ client }) {
      const holder = client({ fetch: noFetch })
      await postPolicy(holder, { key: 'key', maxBytes: 1 })
      const dots = postPolicy(holder, { key: 'a/../b', maxBytes: 1 })
      await checkRejects(dots, 'invalid-key', 'a dot segment')
      const sizes = postPolicy(holder, { key: 'key', minBytes: 2, maxBytes: 1 })
      await checkRejects(sizes, 'invalid-options', 'sizes in the wrong order')
    },
  },
]
