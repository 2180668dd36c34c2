import { createUpload, headObject, putObject } from 'sluice/s3'
import { type PresignedRequest, presign } from 'sluice/s3/presign'
import {
  type ClientCase,
  check,
  checkBytes,
  checkEqual,
  checkKept,
  checkRejects,
  noFetch,
  pattern,
} from './tools.ts'

const KEY = 'uploads/a b+ü~(1).txt'

/** What somebody without a key does with what was signed for him. */
function use({ method, url, headers }: PresignedRequest, body?: BodyInit): Promise<Response> {
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
}

/** A refusal that a page may not read is one all the same. */
async function checkRefused(request: PresignedRequest, what: string, body?: BodyInit) {
  let status: number
  try {
    const response = await use(request, body)
    status = response.status
    await response.body?.cancel()
  } catch {
    return
  }
  check(status >= 400 && status < 500, `${what} was answered ${status}`)
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer
  await response.body?.cancel()
  return response.status
}

/** Signed URLs, used by the runtime’s own `fetch`. */
export const presignCases: readonly ClientCase[] = [
  {
    name: 'presign: PUT, GET, HEAD and DELETE',
    async run({ client }) {
      const holder = client()
      const headers = { 'content-type': 'text/plain', 'x-amz-meta-by': 'form  1' }
      const put = await presign(holder, { method: 'PUT', key: KEY, headers })
      checkEqual(await statusOf(use(put, pattern(50))), 200, 'the status of PUT')
      await checkKept(holder, KEY, pattern(50))
      checkEqual((await headObject(holder, KEY))?.contentType, 'text/plain', 'the content type')
      const got = await use(await presign(holder, { method: 'GET', key: KEY }))
      checkBytes(new Uint8Array(await got.arrayBuffer()), pattern(50), 'the bytes by GET')
      const head = await use(await presign(holder, { method: 'HEAD', key: KEY }))
      checkEqual(head.headers.get('content-length'), '50', 'the length by HEAD')
      const gone = await presign(holder, { method: 'DELETE', key: KEY })
      checkEqual(await statusOf(use(gone)), 204, 'the status of DELETE')
      checkEqual(await headObject(holder, KEY), undefined, 'the object afterwards')
    },
  },
  {
    name: 'presign: another key, method or content type is refused',
    async run({ client }) {
      const holder = client()
      const headers = { 'content-type': 'text/plain' }
      const put = await presign(holder, { method: 'PUT', key: KEY, headers })
      const html = { ...put, headers: { 'content-type': 'text/html' } }
      await checkRefused(html, 'another content type', 'x')
      await checkRefused({ ...put, url: put.url.replace('uploads/', 'other/') }, 'another key', 'x')
      await checkRefused({ ...put, method: 'DELETE' }, 'another method')
      checkEqual(await headObject(holder, KEY), undefined, 'the object')
      checkEqual(await headObject(holder, KEY.replace('uploads', 'other')), undefined, 'the other')
    },
  },
  {
    name: 'presign: an answer’s headers are those that the query asks for',
    async run({ client }) {
      const holder = client()
      await putObject(holder, KEY, pattern(5))
      const query = { 'response-content-type': 'text/x+y; a="b c~"' }
      const got = await use(await presign(holder, { method: 'GET', key: KEY, query }))
      checkBytes(new Uint8Array(await got.arrayBuffer()), pattern(5), 'the bytes')
      checkEqual(got.headers.get('content-type'), query['response-content-type'], 'content-type')
    },
  },
  {
    name: 'presign: a part of an upload',
    async run({ client }) {
      const holder = client()
      const upload = await createUpload(holder, KEY)
      const query = { uploadId: upload.uploadId, partNumber: 1 }
      const put = await use(await presign(holder, { method: 'PUT', key: KEY, query }), pattern(70))
      checkEqual(await statusOf(Promise.resolve(put)), 200, 'the status')
      const etag = put.headers.get('etag')?.replaceAll('"', '')
      check(etag, 'the answer shows no ETag')
      await upload.complete([{ partNumber: 1, etag, sizeBytes: 70 }])
      await checkKept(holder, KEY, pattern(70))
    },
  },
  {
    name: 'presign: bad input is refused, and signing sends nothing',
    async run({ client }) {
      const holder = client({ fetch: noFetch })
      const signed = await presign(holder, { method: 'GET', key: KEY, expiresInMs: 1e12 })
      const seconds = Number(new URL(signed.url).searchParams.get('X-Amz-Expires'))
      checkEqual(seconds, 7 * 24 * 3600, 'the clamped time')
      const lone = presign(holder, { method: 'GET', key: '\ud800' })
      await checkRejects(lone, 'invalid-key', 'a lone surrogate')
      const short = presign(holder, { method: 'GET', key: KEY, expiresInMs: 999 })
      await checkRejects(short, 'invalid-options', 'less than a second')
      const own = presign(holder, { method: 'GET', key: KEY, query: { 'X-Amz-Date': '1' } })
      await checkRejects(own, 'invalid-options', 'a query of the signature')
      const anonymous = client({ fetch: noFetch, credentials: 'anonymous' })
      const keyless = presign(anonymous, { method: 'GET', key: KEY })
      await checkRejects(keyless, 'unauthenticated', 'a client without a key')
    },
  },
]
