/** Objects read by several requests at once, of our gateway and of real servers, and what a way with faults makes of it. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { type DownloadOptions, getObjectInParts } from '../../src/s3/download.ts'
import { getObject, putObject } from '../../src/s3/objects.ts'
import { pattern } from '../../src/testing/store-cases/tools.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { answer, failure, script } from './scripted-fetch.ts'

const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]
const PART_BYTES = 10_000
const BODY = pattern(123_456)

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`downloads from ${kind}: ${missing}`)
    continue
  }
  describe(`downloads from ${kind}`, () => {
    let server: TestServer
    let bucket: Awaited<ReturnType<TestServer['newBucket']>>
    let client: S3Client
    let requests: string[] = []
    beforeAll(async () => {
      server = await startServer(kind)
      bucket = await server.newBucket()
      client = clientOf((url, init) => {
        if (init.method === 'GET') requests.push(new Headers(init.headers).get('range') ?? 'all')
        return fetch(url, init)
      })
      await putObject(client, 'object', BODY, { contentType: 'text/plain' })
    }, 90_000)
    afterAll(async () => {
      await bucket?.remove()
      await server?.stop()
    })

    function clientOf(fetch: S3ClientOptions['fetch']): S3Client {
      const retry = { baseMs: 0 }
      return s3Client({ ...server, bucket: bucket.bucket, credentials: server, retry, fetch })
    }

    test.each<readonly [string, DownloadOptions, number]>([
      ['all of it', {}, 13],
      ['one request at a time', { concurrency: 1 }, 13],
      ['a range', { range: { start: 5, end: 25_005 } }, 3],
      ['from somewhere to the end', { range: { start: 100_000 } }, 3],
      ['a range past the end', { range: { start: 120_000, end: 1_000_000 } }, 1],
      ['less than a part', { range: { start: 3, end: 17 } }, 1],
      ['in parts that divide it', { partBytes: 61_728 }, 2],
      ['in a part larger than it', { partBytes: 1_000_000 }, 1],
    ])('%s', async (_, options, count) => {
      requests = []
      const object = await getObjectInParts(client, 'object', { partBytes: PART_BYTES, ...options })
      expect(object?.info).toMatchObject({ sizeBytes: BODY.byteLength, contentType: 'text/plain' })
      const { start = 0, end = BODY.byteLength } = options.range ?? {}
      same(await collect(object?.body), BODY.subarray(start, end))
      expect(requests).toHaveLength(count)
    })

    test('nothing, and what is not there', async () => {
      await putObject(client, 'empty', new Uint8Array())
      same(await collect((await getObjectInParts(client, 'empty'))?.body), new Uint8Array())
      expect(await getObjectInParts(client, 'absent')).toBeUndefined()
      const beyond = getObjectInParts(client, 'object', { range: { start: BODY.byteLength } })
      expect(await failure(beyond)).toMatchObject({ code: 'invalid-options' })
    })

    // It closes the connection, and a body that waits then ends the process in Node 20 to 24: https://github.com/nodejs/undici/issues/5360
    const ends = kind === 'versitygw' ? ': ends the process, undici#5360' : ''
    test.skipIf(ends)(`what fetch decodes comes by one request, and says so${ends}`, async () => {
      const text = 'gzip '.repeat(20_000)
      await putObject(client, 'text.gz', gzipSync(text), { contentEncoding: 'gzip' })
      for (const get of [
        () => getObjectInParts(client, 'text.gz', { partBytes: 50 }),
        () => getObject(client, 'text.gz'),
      ]) {
        const object = await get()
        expect(object?.decoded).toBe(true)
        expect(new TextDecoder().decode(await collect(object?.body))).toBe(text)
      }
      expect((await getObject(client, 'object'))?.decoded).toBe(false)
      const range = { start: 1, end: 2 }
      expect(await failure(getObjectInParts(client, 'text.gz', { range }))).toMatchObject({
        code: 'not-supported',
      })
    })

    test('each range goes on after a cut', async () => {
      let cuts = 0
      const cutting = clientOf(async (url, init) => {
        const response = await fetch(url, init)
        // One in three: the rest of a cut one must come to its end.
        return init.method === 'GET' && cuts++ % 3 === 0 ? cutBody(response) : response
      })
      const object = await getObjectInParts(cutting, 'object', { partBytes: PART_BYTES })
      same(await collect(object?.body), BODY)
      expect(cuts).toBeGreaterThan(13)
    })

    test('an object that is replaced meanwhile is an error, and nothing of it comes', async () => {
      await putObject(client, 'replaced', BODY)
      const object = await getObjectInParts(client, 'replaced', { partBytes: PART_BYTES })
      await putObject(client, 'replaced', pattern(BODY.byteLength, 2))
      expect(await failure(collect(object?.body))).toMatchObject({
        code: 'precondition-failed',
        key: 'replaced',
      })
    })

    test('cancelling ends all requests, and so does the signal', async () => {
      const signals: AbortSignal[] = []
      let hold = false
      const holding = clientOf(async (url, init) => {
        signals.push(init.signal as AbortSignal)
        if (!hold) return fetch(url, init)
        await new Promise((_, reject) => {
          init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        })
        throw new Error('it was not to go on')
      })
      const stop = new AbortController()
      for (const end of [
        (reader: ReadableStreamDefaultReader) => reader.cancel(),
        async () => stop.abort(),
      ]) {
        hold = false
        signals.length = 0
        const options = { partBytes: PART_BYTES, concurrency: 3, signal: stop.signal }
        const object = await getObjectInParts(holding, 'object', options)
        hold = true
        if (!object) throw new Error('nothing found')
        const reader = object.body.getReader()
        await reader.read()
        while (signals.length < 4) await new Promise((resolve) => setImmediate(resolve))
        await end(reader)
        expect(signals).toHaveLength(4)
        for (const signal of signals.slice(1)) expect(signal.aborted).toBe(true)
      }
    })

    test('no more is held than its parts', async () => {
      const concurrency = 3
      let held = 0
      let most = 0
      let read = 0
      const counting = clientOf(async (url, init) => {
        const response = await fetch(url, init)
        if (init.method !== 'GET' || !response.body) return response
        const body = response.body.pipeThrough(
          new TransformStream<Bytes, Bytes>({
            transform(chunk, controller) {
              held += chunk.byteLength
              most = Math.max(most, held - read)
              controller.enqueue(chunk)
            },
          }),
        )
        return new Response(body, response)
      })
      const options = { partBytes: PART_BYTES, concurrency }
      const object = await getObjectInParts(counting, 'object', options)
      for await (const chunk of object?.body ?? []) {
        // A reader that is slow: whatever wants to come before it has come.
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        read += chunk.byteLength
      }
      expect(read).toBe(BODY.byteLength)
      expect(most).toBeGreaterThan(PART_BYTES)
      expect(most).toBeLessThanOrEqual((concurrency + 1) * PART_BYTES)
    })
  })
}

test.each([{ partBytes: 0 }, { partBytes: 1.5 }, { concurrency: 0 }, { concurrency: Number.NaN }])(
  '%o is refused before anything is sent',
  async (options) => {
    const plan = script([])
    const call = getObjectInParts(s3Client(plan.options), 'key', options)
    expect(await failure(call)).toMatchObject({ code: 'invalid-options' })
    expect(plan.sent).toHaveLength(0)
  },
)

describe('a page that may not see Content-Encoding', () => {
  const stored = { etag: '"tag"', 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' }
  async function get(declared: number, type: string, body = '12345'): Promise<unknown> {
    const step = answer(200, body, { ...stored, 'content-length': String(declared) })
    const plan = script([], {
      fetch: async (url, init) =>
        Object.defineProperty(await step({} as never, init), 'type', { value: url && type }),
    })
    const object = await getObject(s3Client({ ...plan.options, retry: { attempts: 1 } }), 'key')
    const text = new TextDecoder().decode(await collect(object?.body))
    return { text, decoded: object?.decoded }
  }

  test.each([3, 31])(
    'learns by the length that a body was decoded (%i for 5)',
    async (declared) => {
      expect(await get(declared, 'cors')).toEqual({ text: '12345', decoded: true })
      // Elsewhere every header is seen, and it is a fault.
      await failure(get(declared, 'basic'))
    },
  )

  test('believes a length that is right', async () => {
    expect(await get(5, 'cors')).toEqual({ text: '12345', decoded: false })
  })
})

test('an object that has shrunk meanwhile is an error where the server ignores the condition', async () => {
  const headers = { etag: '"tag"', 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' }
  const plan = script([
    answer(206, 'ab', { ...headers, 'content-range': 'bytes 0-1/4' }),
    answer(206, 'X', { ...headers, etag: '"other"', 'content-range': 'bytes 2-2/3' }),
  ])
  const object = await getObjectInParts(s3Client(plan.options), 'key', { partBytes: 2 })
  expect(await failure(collect(object?.body))).toMatchObject({ code: 'precondition-failed' })
})

async function collect(body: ReadableStream<Bytes> | undefined): Promise<Bytes> {
  const chunks: Bytes[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Not by `toEqual`, which would draw a difference of megabytes. */
function same(got: Bytes, expected: Bytes): void {
  expect(got.byteLength).toBe(expected.byteLength)
  expect(Buffer.compare(got, expected)).toBe(0)
}

/** A few bytes, and then the connection is gone. */
async function cutBody(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  let begun = false
  const body = new ReadableStream({
    pull(controller) {
      if (begun) controller.error(new TypeError('terminated'))
      else controller.enqueue(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)))
      begun = true
    },
  })
  return new Response(body, response)
}
