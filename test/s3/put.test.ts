import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Bytes, MultipartLimits, Store } from '../../src/contracts/index.ts'
import { concatBytes } from '../../src/core/bytes.ts'
import type { PutBody } from '../../src/core/put-body.ts'
import type { UploadCheckpoint } from '../../src/core/resumption.ts'
import { toReadableStream } from '../../src/core/streams.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { fetchServer } from '../../src/node/fetch-server.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { resumeUpload } from '../../src/s3/multipart.ts'
import { presign } from '../../src/s3/presign.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { GENERIC_PROVIDER, type S3Provider } from '../../src/s3/provider.ts'
import { put } from '../../src/s3/put.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { failure } from './scripted-fetch.ts'

const PART = 16
const LIMITS: MultipartLimits = {
  minPartBytes: PART,
  maxPartBytes: 64,
  maxParts: 10,
  equalParts: true,
}
const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

function provider(limits: Partial<MultipartLimits> = {}, capabilities = {}): S3Provider {
  const multipart = { ...LIMITS, ...limits }
  return {
    ...GENERIC_PROVIDER,
    capabilities: { ...GENERIC_PROVIDER.capabilities, multipart, ...capabilities },
  }
}

interface Place {
  readonly client: S3Client
  readonly kept: Store
  /** The requests that were made, `PUT 2` for part 2. */
  readonly sent: string[]
  /** The bodies of requests that had one, as they were given to `fetch`. */
  readonly bodies: unknown[]
}

type Hook = (name: string, init: RequestInit) => Response | Promise<Response> | undefined

/** A client of a gateway in this process. `hook` may answer in its place. */
function place(options: Partial<S3ClientOptions> = {}, hook: Hook = () => undefined): Place {
  const kept = memoryStore({ capabilities: { multipart: LIMITS } })
  const gateway = s3Gateway({ buckets: { bucket: kept }, credentials })
  const sent: string[] = []
  const bodies: unknown[] = []
  const client = s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    pathStyle: true,
    credentials,
    provider: provider(),
    retry: { attempts: 1 },
    async fetch(url, { signal, ...init }) {
      const { searchParams } = new URL(url)
      const name = `${init.method} ${searchParams.get('partNumber') ?? ''}`.trim()
      sent.push(name)
      if (init.body && searchParams.size !== 1) bodies.push(init.body)
      const instead = await hook(name, { signal: signal ?? null, ...init })
      if (instead) return instead
      const request = new Request(url, init)
      const body = init.body as Bytes | Blob | undefined
      const size = body instanceof Blob ? body.size : (body?.byteLength ?? 0)
      request.headers.set('content-length', String(size))
      return gateway(request)
    },
    ...options,
  })
  return { client, kept, sent, bodies }
}

const bytes = (length: number, seed = 0): Bytes =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251)

/** In pieces of odd sizes. */
function pieces(content: Bytes): Bytes[] {
  const all: Bytes[] = []
  for (let at = 0, n = 1; at < content.byteLength; at += n, n = (n * 5) % 23) {
    all.push(content.slice(at, at + n))
  }
  return all
}

async function* generated(content: Bytes): AsyncGenerator<Bytes> {
  for (const piece of pieces(content)) yield piece
}

const KINDS: Readonly<Record<string, (content: Bytes) => PutBody>> = {
  bytes: (content) => content,
  'a view of bytes': (content) => concatBytes([bytes(3), content, bytes(3)]).subarray(3, -3),
  'a Blob': (content) => new Blob(pieces(content), { type: 'text/html' }),
  'a stream': (content) => toReadableStream(pieces(content)),
  'a byte stream': (content) => new Blob(pieces(content)).stream(),
  'an async iterable': generated,
  'an array of chunks': pieces,
}

async function openUploads({ kept }: Place): Promise<readonly string[]> {
  const open = await Array.fromAsync(kept.listMultipart?.('') ?? [])
  return open.map(({ uploadId }) => uploadId)
}

const content = async ({ kept }: Place): Promise<Bytes | undefined> =>
  (await kept.get('key'))?.bytes()

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

describe('a source is let go', () => {
  interface Watched {
    readonly stream: ReadableStream<Bytes>
    cancelled: unknown
  }
  /** Gives so many chunks, and then what `then` does. */
  function watched(chunks: number, then: () => Promise<void>): Watched {
    let given = 0
    const at: Watched = {
      cancelled: undefined,
      stream: new ReadableStream<Bytes>(
        {
          async pull(controller) {
            if (given++ === chunks) await then()
            controller.enqueue(bytes(PART, given))
          },
          cancel(reason) {
            at.cancelled = reason
          },
        },
        { highWaterMark: 0 },
      ),
    }
    return at
  }
  const never = (): Promise<void> => new Promise(() => {})

  test.each([0, 1, 4])('that falls silent after %i parts, when the caller aborts', async (n) => {
    const at = place()
    const controller = new AbortController()
    const source = watched(n, async () => {
      setImmediate(() => controller.abort())
      await never()
    })
    const writing = put(at.client, 'key', source.stream, {
      partBytes: PART,
      signal: controller.signal,
    })
    expect(await failure(writing)).toMatchObject({ code: 'aborted' })
    expect(source.cancelled).toMatchObject({ code: 'aborted' })
    expect(await openUploads(at)).toEqual([])
    expect(await content(at)).toBeUndefined()
  })

  test('that falls silent, when a part fails', async () => {
    const denied = (): Response =>
      new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
    const at = place({}, (name) => (name === 'PUT 2' ? denied() : undefined))
    const source = watched(3, never)
    const writing = put(at.client, 'key', source.stream, { partBytes: PART })
    expect(await failure(writing)).toMatchObject({ code: 'permission-denied' })
    expect(source.cancelled).toMatchObject({ code: 'permission-denied' })
    expect(await openUploads(at)).toEqual([])
  })

  test('that is an async generator which never answers', async () => {
    const at = place()
    const controller = new AbortController()
    const silent = async function* (): AsyncGenerator<Bytes> {
      yield bytes(2 * PART)
      setImmediate(() => controller.abort())
      await never()
    }
    const { signal } = controller
    const writing = put(at.client, 'key', silent(), { partBytes: PART, signal })
    expect(await failure(writing)).toMatchObject({ code: 'aborted' })
    expect(await openUploads(at)).toEqual([])
  })

  test('that throws: its error is the cause', async () => {
    const at = place()
    const gone = new Error('the disk is gone')
    let returned = false
    const throwing = async function* (): AsyncGenerator<Bytes> {
      try {
        yield bytes(3 * PART)
        throw gone
      } finally {
        returned = true
      }
    }
    const error = await failure(put(at.client, 'key', throwing(), { partBytes: PART }))
    expect(error).toMatchObject({ code: 'aborted', cause: gone, key: 'key' })
    expect(returned).toBe(true)
    expect(await openUploads(at)).toEqual([])
  })

  test('by the iterator’s return when a chunk is no chunk', async () => {
    let returned = false
    const odd = function* (): Generator<Bytes> {
      try {
        yield bytes(3)
        yield 'text' as never
      } finally {
        returned = true
      }
    }
    const writing = put(place().client, 'key', odd())
    expect(await failure(writing)).toMatchObject({ code: 'invalid-options' })
    expect(returned).toBe(true)
  })

  test('and read no further than parts can be sent', async () => {
    let given = 0
    const at = place({}, (name, { signal }) =>
      name.startsWith('PUT ')
        ? new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
          )
        : undefined,
    )
    const source = (function* () {
      for (;;) yield bytes(PART, ++given)
    })()
    const controller = new AbortController()
    const options = { partBytes: PART, concurrency: 2, signal: controller.signal }
    const writing = failure(put(at.client, 'key', source, options))
    for (let n = 0; n < 20; n++) await turn()
    // Three parts, and the chunk that has no room yet.
    expect(given).toBeLessThanOrEqual(4)
    controller.abort()
    expect(await writing).toMatchObject({ code: 'aborted' })
  })
})

describe('resumption', () => {
  const body = bytes(6 * PART + 5)
  const options = { partBytes: PART, concurrency: 1 }
  const lost = (): never => {
    throw new TypeError('fetch failed')
  }

  /** An upload that is cut off at its fourth part, and the token it left. */
  async function cutOff(
    bodyOf: (content: Bytes) => PutBody,
    more = {},
  ): Promise<{ at: Place; token: UploadCheckpoint; broken: { now: boolean } }> {
    const broken = { now: true }
    const at = place({}, (name) => (broken.now && name === 'PUT 4' ? lost() : undefined))
    const tokens: string[] = []
    const error = await failure(
      put(at.client, 'key', bodyOf(body), {
        ...options,
        ...more,
        onCheckpoint: (token) => void tokens.push(JSON.stringify(token)),
      }),
    )
    expect(error).toMatchObject({ code: 'network', uploadId: (await openUploads(at))[0] })
    expect(error.message).toContain('can be resumed')
    expect(tokens).toHaveLength(4)
    broken.now = false
    at.sent.length = 0
    return { at, token: JSON.parse(tokens.at(-1) as string), broken }
  }

  test.each(Object.entries(KINDS))('of %s sends only what is missing', async (_, bodyOf) => {
    const { at, token } = await cutOff(bodyOf)
    expect(token).toMatchObject({ key: 'key', partBytes: PART })
    expect(token.parts.map(({ partNumber }) => partNumber)).toEqual([1, 2, 3])
    const resume = { resume: token, concurrency: 1 }
    const written = await put(at.client, 'key', bodyOf(body), resume)
    expect(at.sent).toEqual(['GET', 'PUT 4', 'PUT 5', 'PUT 6', 'PUT 7', 'POST'])
    expect(await content(at)).toEqual(body)
    expect(await at.kept.head('key')).toMatchObject({ etag: written.etag })
    expect(await openUploads(at)).toEqual([])
  })

  test('may be cut off again, and its tokens hold all that has arrived', async () => {
    const { at, token } = await cutOff(KINDS['a stream'] as never)
    const controller = new AbortController()
    let last: UploadCheckpoint | undefined
    const again = put(at.client, 'key', toReadableStream(pieces(body)), {
      concurrency: 1,
      resume: token,
      signal: controller.signal,
      onCheckpoint(next) {
        last = next
        if (next.parts.length === 5) controller.abort()
      },
    })
    expect(await failure(again)).toMatchObject({ code: 'aborted', uploadId: token.uploadId })
    at.sent.length = 0
    await put(at.client, 'key', body, { resume: last, concurrency: 1 })
    expect(at.sent).toEqual(['GET', 'PUT 6', 'PUT 7', 'POST'])
    expect(await content(at)).toEqual(body)
  })

  test.each(Object.entries(KINDS))('refuses %s with other content', async (_, bodyOf) => {
    const { at, token } = await cutOff(bodyOf)
    const others = {
      'another byte': Uint8Array.from(body, (byte, i) => (i === PART ? byte ^ 1 : byte)),
      'an end before what was sent': body.subarray(0, 2 * PART),
      'an end within what was sent': body.subarray(0, 2 * PART + 1),
      nothing: new Uint8Array(),
    }
    for (const [name, other] of Object.entries(others)) {
      const error = await failure(put(at.client, 'key', bodyOf(other), { resume: token }))
      expect(error, name).toMatchObject({ code: 'invalid-options', uploadId: token.uploadId })
      expect(await content(at)).toBeUndefined()
    }
    // The right one may still come.
    await put(at.client, 'key', bodyOf(body), { resume: token })
    expect(await content(at)).toEqual(body)
  })

  test('refuses a part that somebody else has replaced, and an ETag or size that is not there', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const [first, ...rest] = token.parts
    const forged = [
      { ...first, etag: 'x' },
      { ...first, sizeBytes: 3 },
      { ...first, partNumber: 9 },
    ]
    for (const part of forged) {
      const resume = { ...token, parts: [part, ...rest] } as UploadCheckpoint
      expect(await failure(put(at.client, 'key', body, { resume }))).toMatchObject({
        code: 'conflict',
        retryable: false,
        uploadId: token.uploadId,
      })
    }
    await resumeUpload(at.client, token).putPart(2, bytes(PART, 9))
    expect(await failure(put(at.client, 'key', body, { resume: token }))).toMatchObject({
      code: 'conflict',
    })
  })

  test('of an upload that is gone is not-found', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    await resumeUpload(at.client, token).abort()
    const error = await failure(put(at.client, 'key', body, { resume: token }))
    expect(error).toMatchObject({ code: 'not-found' })
  })

  test.each([
    ['of another key', { key: 'other' }, 'invalid-options'],
    ['of another size', { sizeBytes: 3 }, 'invalid-options'],
    ['without an upload', { uploadId: undefined }, 'invalid-options'],
    ['without parts', { parts: undefined }, 'invalid-options'],
    ['with a size of parts that is none', { partBytes: 'x' }, 'invalid-options'],
  ])('by a token %s is refused before anything is sent', async (_, wrong, code) => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const resume = { ...token, ...wrong } as UploadCheckpoint
    expect(await failure(put(at.client, 'key', body, { resume }))).toMatchObject({ code })
    expect(at.sent).toEqual([])
  })

  test('goes by sizes where the token has no checksums', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const parts = token.parts.map(({ sha256: _, ...part }) => part)
    await put(at.client, 'key', body, { resume: { ...token, parts } })
    expect(await content(at)).toEqual(body)
  })

  test('what can never end well is aborted', async () => {
    const at = place()
    await at.kept.put('key', bytes(1))
    const tokens: unknown[] = []
    const writing = put(at.client, 'key', body, {
      ...options,
      ifNoneMatch: '*',
      onCheckpoint: (token) => void tokens.push(token),
    })
    expect(await failure(writing)).toMatchObject({ code: 'precondition-failed' })
    expect(tokens).toHaveLength(8)
    expect(await openUploads(at)).toEqual([])
  })

  test('a checkpoint that cannot be kept is a failure, and older ones never come after newer ones', async () => {
    const full = new Error('the storage is full')
    const at = place()
    const writing = put(at.client, 'key', body, {
      ...options,
      onCheckpoint: () => Promise.reject(full),
    })
    const error = await failure(writing)
    expect(error.uploadId).toBe((await openUploads(at))[0])
    const counts: number[] = []
    const slow = place()
    await put(slow.client, 'key', body, {
      partBytes: PART,
      async onCheckpoint({ parts }) {
        await turn()
        counts.push(parts.length)
      },
    })
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts.at(-1)).toBe(7)
  })
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
