import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { fetchServer } from '../../src/node/fetch-server.ts'
import { s3Client } from '../../src/s3/client.ts'
import { presign } from '../../src/s3/presign.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { put } from '../../src/s3/put.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import {
  bytes,
  content,
  credentials,
  KINDS,
  LIMITS,
  openUploads,
  PART,
  pieces,
  place,
  provider,
} from './place.ts'
import { failure } from './scripted-fetch.ts'

describe.each(Object.entries(KINDS))('%s', (_, bodyOf) => {
  test.each([0, 1, PART - 1, PART])('of %i bytes: one request', async (size) => {
    const at = place()
    const options = { partBytes: PART, contentType: 'text/plain' }
    const written = await put(at.client, 'key', bodyOf(bytes(size)), options)
    expect(at.sent).toEqual(['PUT'])
    expect(await content(at)).toEqual(bytes(size))
    const head = await at.kept.head('key')
    expect(head).toMatchObject({ etag: written.etag, contentType: 'text/plain' })
    expect(written).toMatchObject({ key: 'key', bytes: size })
  })

  test.each([PART + 1, 2 * PART, 5 * PART + 3])('of %i bytes: parts', async (size) => {
    const at = place()
    const options = { partBytes: PART, concurrency: 1, metadata: { m: 'ü' } }
    const written = await put(at.client, 'key', bodyOf(bytes(size)), options)
    const numbers = Array.from({ length: Math.ceil(size / PART) }, (_, i) => `PUT ${i + 1}`)
    expect(at.sent).toEqual(['POST', ...numbers, 'POST'])
    expect(await content(at)).toEqual(bytes(size))
    expect(await at.kept.head('key')).toMatchObject({ etag: written.etag, metadata: { m: 'ü' } })
    expect(await openUploads(at)).toEqual([])
  })

  test('that was declared as another size leaves nothing', async () => {
    for (const sizeBytes of [0, 3 * PART - 1, 3 * PART + 1]) {
      const at = place()
      const writing = put(at.client, 'key', bodyOf(bytes(3 * PART)), { partBytes: PART, sizeBytes })
      expect(await failure(writing)).toMatchObject({ code: 'invalid-options', key: 'key' })
      expect(await content(at)).toBeUndefined()
      expect(await openUploads(at)).toEqual([])
    }
    const at = place()
    await put(at.client, 'key', bodyOf(bytes(50)), { partBytes: PART, sizeBytes: 50 })
    expect(await content(at)).toEqual(bytes(50))
  })

  test('a client without a key puts the same', async () => {
    const holder = place()
    const client = presignedClient({
      bucket: 'bucket',
      provider: provider(),
      sign: (request) => presign(holder.client, request),
      fetch: (url, init) => {
        const request = new Request(url, init)
        const body = init.body as Bytes | Blob | undefined
        const size = body instanceof Blob ? body.size : (body?.byteLength ?? 0)
        request.headers.set('content-length', String(size))
        return s3Gateway({ buckets: { bucket: holder.kept }, credentials })(request)
      },
    })
    await put(client, 'key', bodyOf(bytes(3)), { partBytes: PART })
    expect(await content(holder)).toEqual(bytes(3))
    // Part ETags of one handler are known to another.
    await put(client, 'key', bodyOf(bytes(3 * PART)), { partBytes: PART })
    expect(await content(holder)).toEqual(bytes(3 * PART))
  })
})

test('text is put as UTF-8', async () => {
  const at = place()
  await put(at.client, 'key', 'Zoë 🎉')
  expect(new TextDecoder().decode(await content(at))).toBe('Zoë 🎉')
})

test('bytes are not copied, and a Blob is read when its part is sent', async () => {
  const at = place()
  const body = bytes(3 * PART)
  const { peakBytes } = await put(at.client, 'key', body, { partBytes: PART })
  expect(peakBytes).toBe(0)
  const views = at.bodies as Bytes[]
  expect(views.map(({ buffer }) => buffer === body.buffer)).toEqual([true, true, true])
  const from = place()
  await put(from.client, 'key', new Blob([body]), { partBytes: PART })
  expect(from.bodies.every((part) => part instanceof Blob)).toBe(true)
})

describe('before byte one', () => {
  const tooLarge = bytes(LIMITS.maxParts * PART + 1)
  test.each([
    ['a size that cannot fit', tooLarge, { partBytes: PART }, 'too-large'],
    ['the same, declared', pieces(tooLarge), { partBytes: PART, sizeBytes: 161 }, 'too-large'],
    ['no number of parts', bytes(3), { concurrency: 0 }, 'invalid-options'],
    ['parts of no size', bytes(3), { partBytes: -1 }, 'invalid-options'],
    ['what is no body', 3 as never, {}, 'invalid-options'],
    ['no body at all', undefined as never, {}, 'invalid-options'],
    ['numbers in place of chunks', [1, 2] as never, {}, 'invalid-options'],
    ['text in place of chunks', ['a'] as never, {}, 'invalid-options'],
  ])('%s is refused', async (_, body, options, code) => {
    const at = place()
    expect(await failure(put(at.client, 'key', body, options))).toMatchObject({ code })
    expect(at.sent).toEqual([])
  })

  test('a key is refused, and the source let go', async () => {
    let cancelled: unknown
    const source = new ReadableStream<Bytes>({
      cancel(reason) {
        cancelled = reason
      },
    })
    const at = place()
    expect(await failure(put(at.client, '../key', source))).toMatchObject({ code: 'invalid-key' })
    expect(cancelled).toMatchObject({ code: 'invalid-key' })
  })

  test('a stream that somebody else reads is refused', async () => {
    const source = new ReadableStream<Bytes>()
    source.getReader()
    expect(await failure(put(place().client, 'key', source))).toMatchObject({
      code: 'invalid-options',
    })
  })

  test('a condition that the provider does not know is refused', async () => {
    const at = place({ provider: provider({}, { conditionalPut: false }) })
    const writing = put(at.client, 'key', bytes(3), { ifNoneMatch: '*' })
    expect(await failure(writing)).toMatchObject({ code: 'not-supported' })
    expect(at.sent).toEqual([])
  })
})

test('where parts may differ a stream goes on when equal ones would be used up', async () => {
  const limits = { maxParts: 150, maxPartBytes: 64, equalParts: false }
  const kept = memoryStore({ capabilities: { multipart: { ...LIMITS, ...limits } } })
  const gateway = s3Gateway({ buckets: { bucket: kept }, credentials })
  const at = place({
    provider: provider(limits),
    fetch: (url, { signal: _, ...init }) => {
      const request = new Request(url, init)
      const { byteLength = 0 } = (init.body ?? {}) as Bytes
      request.headers.set('content-length', String(byteLength))
      return gateway(request)
    },
  })
  const body = bytes(150 * PART + 1)
  const { peakBytes } = await put(at.client, 'key', pieces(body), { partBytes: PART })
  expect(await (await kept.get('key'))?.bytes()).toEqual(body)
  expect(peakBytes).toBeLessThanOrEqual(5 * PART)
})

test('512 MiB from a stream: what is held is within concurrency + 1 parts, counted', async () => {
  const MIB = 1024 ** 2
  const partBytes = 8 * MIB
  let received = 0
  let parts = 0
  const server = await fetchServer(async (request) => {
    const { searchParams } = new URL(request.url)
    if (request.method === 'POST' && searchParams.has('uploads')) {
      return new Response(
        '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
      )
    }
    for await (const chunk of request.body ?? []) received += chunk.byteLength
    if (request.method === 'PUT') return new Response(null, { headers: { etag: `"${++parts}"` } })
    return new Response(
      '<CompleteMultipartUploadResult><ETag>"whole-64"</ETag></CompleteMultipartUploadResult>',
    )
  })
  try {
    const client = s3Client({
      bucket: 'bucket',
      endpoint: server.url,
      pathStyle: true,
      credentials,
    })
    let given = 0
    const chunk = bytes(64 * 1024 - 7)
    const source = new ReadableStream<Bytes>({
      pull(controller) {
        const piece = chunk.subarray(0, Math.min(chunk.byteLength, 512 * MIB - given))
        given += piece.byteLength
        if (piece.byteLength === 0) controller.close()
        else controller.enqueue(piece)
      },
    })
    const { peakBytes, bytes: written } = await put(client, 'key', source, {
      partBytes,
      concurrency: 3,
    })
    expect(written).toBe(512 * MIB)
    expect(received).toBeGreaterThanOrEqual(512 * MIB)
    expect(parts).toBe(64)
    expect(peakBytes).toBe(4 * partBytes)
  } finally {
    await server.close()
  }
})

test('text that UTF-8 cannot hold is refused before anything is sent', async () => {
  const at = place()
  const error = await failure(put(at.client, 'key', 'a\ud800b'))
  expect(error).toMatchObject({ code: 'invalid-options', key: 'key' })
  expect(at.sent).toEqual([])
})
