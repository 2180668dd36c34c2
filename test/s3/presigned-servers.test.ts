/** Presigned URLs, forms and the client without a key against our gateway and real servers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectWriter } from '../../src/core/object-writer.ts'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { deleteObject, getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { postPolicy } from '../../src/s3/post-policy.ts'
import { presign } from '../../src/s3/presign.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { s3ClientStore } from '../../src/stores/s3.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { type KeyHolder, startKeyHolder } from './key-holder.ts'
import { failure } from './scripted-fetch.ts'

const PART_BYTES = 5 * 1024 ** 2
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`presigned requests to ${kind}: ${missing}`)
    continue
  }
  describe(`presigned requests to ${kind}`, () => {
    let server: TestServer
    let bucket: Awaited<ReturnType<TestServer['newBucket']>>
    let holder: S3Client
    beforeAll(async () => {
      server = await startServer(kind)
      bucket = await server.newBucket()
      holder = s3Client({ ...server, bucket: bucket.bucket, credentials: server })
    }, 90_000)
    afterAll(async () => {
      await bucket?.remove()
      await server?.stop()
    })

    test('PUT, HEAD, GET and DELETE by URL, and nothing but what was signed', async () => {
      const key = 'uploads/a b+ü~(1).txt'
      const bound = await presign(holder, {
        method: 'PUT',
        key,
        headers: { 'content-type': 'text/plain', 'x-amz-meta-by': 'form  1' },
      })
      const wrong = { ...bound.headers, 'content-type': 'text/html' }
      const refused = await fetch(bound.url, { method: 'PUT', headers: wrong, body: 'hello' })
      expect(refused.status).toBe(403)
      await refused.body?.cancel()
      const put = await fetch(bound.url, { method: 'PUT', headers: bound.headers, body: 'hello' })
      expect(put.status).toBe(200)

      const head = await presign(holder, { method: 'HEAD', key })
      expect((await fetch(head.url, { method: 'HEAD' })).headers.get('content-length')).toBe('5')
      const other = await fetch(head.url.replace('uploads/', 'other/'), { method: 'HEAD' })
      expect(other.status).toBe(403)

      const query = { 'response-content-disposition': 'attachment; filename="a b+c~.txt"' }
      const get = await presign(holder, {
        method: 'GET',
        key,
        query,
      })
      const got = await fetch(get.url)
      expect(await got.text()).toBe('hello')
      expect(got.headers.get('content-disposition')).toBe(query['response-content-disposition'])
      const remove = await presign(holder, { method: 'DELETE', key })
      expect((await fetch(remove.url, { method: 'DELETE' })).status).toBe(204)
      expect(await headObject(holder, key)).toBeUndefined()
    })

    describe('a client without a key', () => {
      let keys: KeyHolder
      let client: S3Client
      beforeAll(async () => {
        keys = await startKeyHolder(holder, 'uploads/')
        client = presignedClient({ bucket: bucket.bucket, sign: keys.sign })
      })
      afterAll(() => keys?.stop())

      test('puts, asks, reads and deletes an object', async () => {
        const key = 'uploads/with space/😀.bin'
        const metadata = { who: 'Zoë' }
        await putObject(client, key, new Uint8Array([1, 2, 3]), { metadata, ifNoneMatch: '*' })
        const again = putObject(client, key, new Uint8Array([4]), { ifNoneMatch: '*' })
        expect(await failure(again)).toMatchObject({ code: 'precondition-failed' })
        const found = await getObject(client, key, { range: { start: 1, end: 3 } })
        expect(new Uint8Array(await new Response(found?.body).arrayBuffer())).toEqual(
          new Uint8Array([2, 3]),
        )
        expect(found?.info).toMatchObject({ sizeBytes: 3, metadata })
        await deleteObject(client, key)
        expect(await getObject(client, key)).toBeUndefined()
      })

      test('writes an object in parts through the store, and aborts one', async () => {
        const store = s3ClientStore(client)
        const before = keys.signed.length
        const writer = objectWriter(store, 'uploads/parts.bin', { partBytes: PART_BYTES })
        const piece = new Uint8Array(PART_BYTES).fill(7)
        for (let n = 0; n < 2; n++) await writer.write(piece)
        await writer.write(new Uint8Array([8]))
        expect(await writer.close()).toMatchObject({ bytes: 2 * PART_BYTES + 1 })
        const operations = keys.signed.slice(before)
        expect(operations.toSorted()).toEqual([
          'CompleteMultipartUpload',
          'CreateMultipartUpload',
          'UploadPart',
          'UploadPart',
          'UploadPart',
        ])
        const bytes = (await (await store.get('uploads/parts.bin'))?.bytes()) ?? new Uint8Array()
        expect(bytes.byteLength).toBe(2 * PART_BYTES + 1)
        expect([bytes[0], bytes[2 * PART_BYTES - 1], bytes[2 * PART_BYTES]]).toEqual([7, 7, 8])

        const aborted = objectWriter(store, 'uploads/gone.bin', { partBytes: PART_BYTES })
        for (let n = 0; n < 2; n++) await aborted.write(piece)
        await aborted.abort()
        expect(keys.signed).toContain('AbortMultipartUpload')
        expect(await headObject(holder, 'uploads/gone.bin')).toBeUndefined()
      })

      test('may do what the key’s holder allows, and no more', async () => {
        const error = await failure(putObject(client, 'private/x', new Uint8Array([1])))
        expect(error).toMatchObject({ code: 'unauthenticated', key: 'private/x' })
        expect(await headObject(holder, 'private/x')).toBeUndefined()
      })
    })

    test('a form puts one file and nothing else', async () => {
      const made = await postPolicy(holder, {
        keyPrefix: 'forms/',
        contentTypePrefix: 'image/',
        minBytes: 2,
        maxBytes: 5,
        metadata: { a: 'b' },
      })
      const post = async (fields: Record<string, string>, bytes: number): Promise<number> => {
        const form = new FormData()
        for (const [name, value] of Object.entries({ ...made.fields, ...fields })) {
          form.append(name, value)
        }
        form.append('file', new Blob(['x'.repeat(bytes)]), 'cat.png')
        const response = await fetch(made.url, { method: 'POST', body: form })
        await response.body?.cancel()
        return response.status
      }
      // versitygw takes the field's `${filename}` for a name.
      const png = { 'Content-Type': 'image/png', key: 'forms/cat.png' }
      expect(await post(png, 5)).toBeLessThan(300)
      expect(await headObject(holder, 'forms/cat.png')).toMatchObject({
        sizeBytes: 5,
        contentType: 'image/png',
        metadata: { a: 'b' },
      })
      await deleteObject(holder, 'forms/cat.png')
      // 403 or 400, as each server has it.
      const refused = expect.toSatisfy((status: number) => status === 400 || status === 403)
      expect(await post(png, 6)).toEqual(refused)
      expect(await post(png, 1)).toEqual(refused)
      expect(await post({ ...png, 'Content-Type': 'text/html' }, 5)).toEqual(refused)
      expect(await post({ ...png, 'x-amz-meta-a': 'c' }, 5)).toEqual(refused)
      expect(await post({ ...png, key: 'other/cat.png' }, 5)).toEqual(refused)
      for (const key of ['forms/cat.png', 'other/cat.png']) {
        expect(await headObject(holder, key)).toBeUndefined()
      }
    })
  })
}
