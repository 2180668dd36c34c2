/** Objects put together on the server, of our gateway and of real ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { concatBytes } from '../../src/core/bytes.ts'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { appendObject, composeObjects } from '../../src/s3/compose.ts'
import { listUploads } from '../../src/s3/list-uploads.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { GENERIC_PROVIDER, type S3Provider } from '../../src/s3/provider.ts'
import { pattern } from '../../src/testing/store-cases/tools.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { gatewayClient } from './gateway-client.ts'
import { failure } from './scripted-fetch.ts'

const MIB = 1024 ** 2
const { capabilities } = GENERIC_PROVIDER
const UNEQUAL: S3Provider = {
  ...GENERIC_PROVIDER,
  capabilities: {
    ...capabilities,
    multipart: { ...(capabilities.multipart || never()), equalParts: false },
  },
}
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`composing at ${kind}: ${missing}`)
    continue
  }
  describe(`composing at ${kind}`, () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startServer(kind)
    }, 90_000)
    afterAll(() => server?.stop())

    describe.each([
      ['equal parts', GENERIC_PROVIDER],
      ['parts of any size', UNEQUAL],
    ])('%s', (_, provider) => {
      let bucket: Awaited<ReturnType<TestServer['newBucket']>>
      let client: S3Client
      /** Bytes of objects that came and went through the client. */
      let moved = { received: 0, sent: 0 }
      beforeAll(async () => {
        bucket = await server.newBucket()
        client = s3Client({
          ...server,
          bucket: bucket.bucket,
          credentials: server,
          provider,
          async fetch(url, init) {
            const response = await fetch(url, init)
            if (init.method === 'PUT')
              moved.sent += (init.body as Bytes | undefined)?.byteLength ?? 0
            if (init.method === 'GET')
              moved.received += Number(response.headers.get('content-length'))
            return response
          },
        })
      })
      afterAll(() => bucket?.remove())

      async function put(key: string, sizeBytes: number, seed = sizeBytes): Promise<Bytes> {
        const bytes = pattern(sizeBytes, seed)
        await putObject(client, key, bytes, { contentType: 'text/csv', metadata: { a: 'b' } })
        moved = { received: 0, sent: 0 }
        return bytes
      }

      async function holds(key: string, expected: Bytes): Promise<void> {
        const found = await getObject(client, key)
        const bytes = new Uint8Array(await new Response(found?.body ?? null).arrayBuffer())
        expect(bytes.byteLength).toBe(expected.byteLength)
        expect(Buffer.compare(bytes, expected)).toBe(0)
        for await (const upload of listUploads(client, key)) throw new Error(upload.uploadId)
      }

      test('sources of any size', async () => {
        const bytes = [
          await put('a', 10),
          await put('b', 6 * MIB),
          await put('c', 0),
          await put('d', 100),
          await put('e', 5 * MIB + 1),
          await put('f', 7),
        ]
        const sources = [...'abcdef'].map((key) => ({ key }))
        const headers = { contentType: 'text/plain' }
        const { etag, sentBytes } = await composeObjects(client, sources, 'to', headers)
        expect(sentBytes).toBe(moved.sent)
        await holds('to', concatBytes(bytes))
        expect(await headObject(client, 'to')).toMatchObject({ etag, contentType: 'text/plain' })
      })

      test('sources of nothing', async () => {
        await put('nothing', 0)
        await composeObjects(client, [{ key: 'nothing' }, { key: 'nothing' }], 'to-nothing')
        await holds('to-nothing', new Uint8Array())
      })

      test('an append to 5 MiB or more downloads none of it, where the parts allow', async () => {
        const old = await put('log', 6 * MIB)
        const added = pattern(MIB + 3, 9)
        await appendObject(client, 'log', added)
        expect(moved.received).toBeLessThan(10_000)
        expect(moved.sent).toBe(added.byteLength)
        const blob = pattern(8 * MIB, 10)
        await appendObject(client, 'log', new Blob([blob]))
        // Equal parts: no more than the part around the old end.
        expect(moved.received).toBeLessThan(provider === UNEQUAL ? 10_000 : 5 * MIB)
        await holds('log', concatBytes([old, added, blob]))
        const head = await headObject(client, 'log')
        expect(head).toMatchObject({ contentType: 'text/csv', metadata: { a: 'b' } })
      })

      test('an append to less reads and writes it again', async () => {
        const old = await put('small', 1000)
        const added = pattern(50, 9)
        await appendObject(client, 'small', added)
        const large = pattern(6 * MIB, 10)
        await appendObject(client, 'small', large)
        await appendObject(client, 'small', new Uint8Array())
        await holds('small', concatBytes([old, added, large]))
        const head = await headObject(client, 'small')
        expect(head).toMatchObject({ contentType: 'text/csv', metadata: { a: 'b' } })
      })

      test('an append to nothing creates it', async () => {
        const bytes = pattern(3)
        await appendObject(client, 'fresh', bytes, { contentType: 'text/plain' })
        await holds('fresh', bytes)
        expect(await headObject(client, 'fresh')).toMatchObject({ contentType: 'text/plain' })
      })

      test.each([100, 6 * MIB])('a write in between is not lost (%i bytes)', async (sizeBytes) => {
        await put('shared', sizeBytes)
        const other = pattern(sizeBytes, 77)
        const rude = client.send.bind(client)
        const racing: S3Client = Object.create(client, {
          send: {
            // Somebody else is faster, when all is read and nothing yet written.
            async value(call: Parameters<S3Client['send']>[0]) {
              if (/^(PutObject|CompleteMultipartUpload)$/.test(call.operation)) {
                await putObject(client, 'shared', other)
              }
              return rude(call)
            },
          },
        })
        const error = await failure(appendObject(racing, 'shared', pattern(10)))
        expect(error).toMatchObject({ code: 'precondition-failed', retryable: false })
        await holds('shared', other)
      })

      test('a creation in between is not lost', async () => {
        const send = client.send.bind(client)
        const racing: S3Client = Object.create(client, {
          send: {
            async value(call: Parameters<S3Client['send']>[0]) {
              if (call.operation === 'PutObject') await putObject(client, 'new', pattern(9))
              return send(call)
            },
          },
        })
        const error = await failure(appendObject(racing, 'new', pattern(10)))
        expect(error).toMatchObject({ code: 'precondition-failed', retryable: false })
        await holds('new', pattern(9))
      })

      test('another version, and a creation by somebody else, are refused', async () => {
        await put('version', 10)
        const stale = appendObject(client, 'version', pattern(1), { ifMatch: 'other' })
        expect(await failure(stale)).toMatchObject({ code: 'precondition-failed', key: 'version' })
        const absent = appendObject(client, 'absent', pattern(1), { ifMatch: 'other' })
        expect(await failure(absent)).toMatchObject({ code: 'precondition-failed', key: 'absent' })
        expect(await headObject(client, 'absent')).toBeUndefined()
      })
    })
  })
}

test('an append without conditions is refused before anything is sent', async () => {
  const blind: S3Provider = {
    ...GENERIC_PROVIDER,
    capabilities: { ...capabilities, conditionalComplete: false },
  }
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
  const client = s3Client({ bucket: 'bucket', credentials, provider: blind })
  expect(await failure(appendObject(client, 'a', pattern(1)))).toMatchObject({
    code: 'not-supported',
  })
})

test('an append of a Blob that cannot be read changes nothing, and is no foreign error', async () => {
  const gone = new DOMException('The file was changed', 'NotReadableError')
  const blob = new Blob(['abc'])
  blob.slice = () => blob
  blob.arrayBuffer = () => Promise.reject(gone)
  const client = gatewayClient()
  await putObject(client, 'a', pattern(1))
  const error = await failure(appendObject(client, 'a', blob))
  expect(error).toMatchObject({ code: 'aborted', key: 'a', cause: gone })
  expect(await headObject(client, 'a')).toMatchObject({ sizeBytes: 1 })
})

function never(): never {
  throw new Error('the generic provider takes parts')
}
