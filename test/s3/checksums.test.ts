/** Checksums from end to end: over our gateway and real servers, and what is made of answers that no server here gives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { concatBytes, toBase64, utf8 } from '../../src/core/bytes.ts'
import { crc } from '../../src/core/crc.ts'
import { crc32, crc32c, crc64nvme } from '../../src/s3/checksums.ts'
import {
  type S3Checksum,
  type S3Client,
  type S3ClientOptions,
  s3Client,
} from '../../src/s3/client.ts'
import { appendObject, composeObjects } from '../../src/s3/compose.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { createUpload, resumeUpload } from '../../src/s3/multipart.ts'
import { getObject, headObject, putObject } from '../../src/s3/objects.ts'
import { pattern } from '../../src/testing/store-cases/tools.ts'
import { realServers, type ServerKind, startServer, type TestServer } from '../servers.ts'
import { answer, failure, found, script, xmlError } from './scripted-fetch.ts'

const MIB = 1024 ** 2
const KINDS: readonly { kind: ServerKind; missing?: string }[] = [
  { kind: 'gateway' },
  ...realServers(),
]
const CHECKSUMS: readonly [string, () => S3Checksum][] = [
  ['crc32', crc32],
  ['crc32c', crc32c],
  ['crc64nvme', crc64nvme],
]

/** The gateway's stores have no place for a checksum. */
const KEEPS_NONE: readonly ServerKind[] = ['gateway']

for (const { kind, missing } of KINDS) {
  if (missing) {
    test.skip(`checksums at ${kind}: ${missing}`)
    continue
  }
  describe(`checksums at ${kind}`, () => {
    let server: TestServer
    let bucket: Awaited<ReturnType<TestServer['newBucket']>>
    beforeAll(async () => {
      server = await startServer(kind)
      bucket = await server.newBucket()
    }, 90_000)
    afterAll(async () => {
      await bucket?.remove()
      await server?.stop()
    })

    function clientOf(
      checksum: S3Checksum | undefined,
      more: Partial<S3ClientOptions> = {},
    ): S3Client {
      const retry = { baseMs: 0 }
      return s3Client({
        ...server,
        bucket: bucket.bucket,
        credentials: server,
        checksum,
        retry,
        ...more,
      })
    }

    describe.each(CHECKSUMS)('%s', (name, checksum) => {
      test('a right one is taken, and found again', async () => {
        const client = clientOf(checksum())
        const body = pattern(100_000)
        await putObject(client, `${name}/bytes`, body)
        await putObject(client, `${name}/blob`, new Blob([body]), { ifNoneMatch: '*' })
        await putObject(client, `${name}/empty`, new Uint8Array())
        await holds(client, `${name}/bytes`, body)
        await holds(client, `${name}/blob`, body)
        await holds(client, `${name}/empty`, new Uint8Array())
        expect(client.checksum).toBeDefined()
      })

      test('of an object in parts', async () => {
        const client = clientOf(checksum())
        const pieces = [pattern(5 * MIB, 1), pattern(5 * MIB, 2), pattern(17, 3)]
        const upload = await createUpload(client, `${name}/parts`)
        const parts = []
        for (const [index, piece] of pieces.entries()) {
          parts.push(await upload.putPart(index + 1, piece))
        }
        await upload.complete(parts)
        await holds(client, `${name}/parts`, concatBytes(pieces))
        expect(client.checksum).toBeDefined()
        if (!KEEPS_NONE.includes(kind)) {
          const { sums } = await headers(client, `${name}/parts`)
          const sum = crc(name as 'crc32c')
          for (const piece of pieces) sum.update(piece)
          expect(sums.get(`x-amz-checksum-${name}`)).toBe(toBase64(sum.digest()))
        }
      })

      test('parts that do not make up the object are refused', async () => {
        const client = clientOf(checksum(), { retry: { attempts: 1 } })
        const key = `${name}/wrong-parts`
        const upload = await createUpload(client, key)
        const first = await upload.putPart(1, pattern(5 * MIB, 1))
        const second = await upload.putPart(2, pattern(10, 2))
        const wrong = { ...second, checksum: first.checksum }
        expect(await failure(upload.complete([first, wrong]))).toMatchObject({ status: 400 })
        expect(await headObject(client, key)).toBeUndefined()
        await upload.abort()
      })

      test('an upload goes on in another process', async () => {
        const first = pattern(5 * MIB, 1)
        const begun = await createUpload(clientOf(checksum()), `${name}/resumed`)
        const part = await begun.putPart(1, first)
        const client = clientOf(checksum())
        const upload = resumeUpload(client, JSON.parse(JSON.stringify(begun)))
        const last = await upload.putPart(2, utf8('end'))
        await upload.complete([JSON.parse(JSON.stringify(part)), last])
        await holds(client, `${name}/resumed`, concatBytes([first, utf8('end')]))
        expect(client.checksum).toBeDefined()
      })

      test('bytes that change on the way up are refused, and sent again', async () => {
        let flips = 1
        const client = clientOf(checksum(), {
          fetch: (url, init) =>
            fetch(url, flips-- > 0 ? { ...init, body: flipped(init.body as Bytes) } : init),
        })
        const body = pattern(1000)
        await putObject(client, `${name}/up`, body)
        await holds(client, `${name}/up`, body)
        flips = Number.POSITIVE_INFINITY
        const error = await failure(putObject(client, `${name}/never`, body))
        expect(error).toMatchObject({ code: 'checksum-mismatch', retryable: true, attempts: 4 })
        expect(client.checksum).toBeDefined()
        flips = 0
        expect(await headObject(client, `${name}/never`)).toBeUndefined()
      })

      test.skipIf(KEEPS_NONE.includes(kind))(
        'bytes that change on the way down are an error behind the last one, also after a cut',
        async () => {
          const body = pattern(1000)
          await putObject(clientOf(checksum()), `${name}/down`, body)
          const flipping = clientOf(checksum(), {
            fetch: async (url, init) => flippedBody(await fetch(url, init)),
          })
          const error = await failure(read(flipping, `${name}/down`))
          expect(error).toMatchObject({ code: 'checksum-mismatch', key: `${name}/down` })

          let cuts = 1
          const cutting = clientOf(checksum(), {
            async fetch(url, init) {
              const response = await fetch(url, init)
              return cuts-- > 0 ? cutBody(response) : response
            },
          })
          await holds(cutting, `${name}/down`, body)
          expect(cuts).toBe(-1)
        },
      )

      test('copies, composed objects and appends', async () => {
        const client = clientOf(checksum())
        const body = pattern(6 * MIB)
        await putObject(client, `${name}/from`, body)
        await copyObject(client, `${name}/from`, `${name}/copy`)
        await copyObject(client, `${name}/from`, `${name}/copy-new`, { ifNoneMatch: '*' })
        const sources = [{ key: `${name}/from` }, { key: `${name}/from` }]
        await composeObjects(client, sources, `${name}/twice`)
        await appendObject(client, `${name}/copy`, utf8('more'))
        await holds(client, `${name}/copy-new`, body)
        await holds(client, `${name}/twice`, concatBytes([body, body]))
        await holds(client, `${name}/copy`, concatBytes([body, utf8('more')]))
        expect(client.checksum).toBeDefined()
      })
    })
  })
}

describe('a provider that knows no checksums', () => {
  test.each([
    [
      'R2',
      answer(
        501,
        xmlErrorSaying(
          'NotImplemented',
          "Header 'x-amz-checksum-crc32c' with value 'x' not implemented",
        ),
      ),
    ],
    [
      'B2',
      answer(
        400,
        xmlErrorSaying(
          'InvalidArgument',
          "Unsupported header 'x-amz-checksum-crc32c' received for this API call.",
        ),
      ),
    ],
    [
      'S3',
      answer(
        501,
        xmlErrorSaying(
          'NotImplemented',
          'A header you provided implies functionality that is not implemented',
        ),
      ),
    ],
  ])('gets none after it has said so (%s)', async (_, refusal) => {
    const put = answer(200, '', { etag: '"tag"' })
    const plan = script([refusal, put, put], { checksum: crc32c() })
    const client = s3Client(plan.options)
    await putObject(client, 'key', utf8('a'))
    await putObject(client, 'key', utf8('b'))
    const sent = plan.sent.map(({ headers }) => headers.has('x-amz-checksum-crc32c'))
    expect(sent).toEqual([true, false, false])
    expect(client.checksum).toBeUndefined()
  })

  test.each([
    [
      'a mismatch',
      answer(
        400,
        xmlErrorSaying('BadDigest', 'The x-amz-checksum-crc32c you specified did not match'),
      ),
    ],
    ['another refusal', answer(400, xmlErrorSaying('InvalidArgument', 'no'))],
    ['an operation that is not there', answer(501, xmlErrorSaying('NotImplemented', 'no'))],
    [
      'another header',
      answer(501, xmlErrorSaying('NotImplemented', "Header 'x-amz-tagging' not implemented")),
    ],
  ])('is not one that refuses something else: %s', async (_, refusal) => {
    const plan = script([refusal, refusal, refusal, refusal], { checksum: crc32c() })
    const client = s3Client(plan.options)
    await failure(putObject(client, 'key', utf8('a')))
    expect(client.checksum).toBeDefined()
    for (const { headers } of plan.sent) expect(headers.has('x-amz-checksum-crc32c')).toBe(true)
  })

  test('is not one that refuses a request without any', async () => {
    const generic = 'A header you provided implies functionality that is not implemented'
    const refusal = answer(501, xmlErrorSaying('NotImplemented', generic))
    const client = s3Client(script([refusal, refusal], { checksum: crc32c() }).options)
    await failure(headObject(client, 'key'))
    expect(await failure(copyObject(client, 'a', 'b'))).toMatchObject({ code: 'not-supported' })
    expect(client.checksum).toBeDefined()
  })
})

test('a Blob that cannot be read is no foreign error', async () => {
  const gone = new DOMException('The file was changed', 'NotReadableError')
  const blob = new Blob(['abc'])
  blob.stream = () => new ReadableStream({ start: (controller) => controller.error(gone) })
  const plan = script([], { checksum: crc32c() })
  const error = await failure(putObject(s3Client(plan.options), 'key', blob))
  expect(error).toMatchObject({ code: 'aborted', cause: gone })
  expect(plan.sent).toEqual([])
})

test('an upload is not completed with the checksums of another algorithm', async () => {
  const done = '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>'
  const plan = script([answer(200, done)], { checksum: crc32c() })
  const token = { key: 'key', uploadId: 'id', checksum: 'crc32' }
  const part = { partNumber: 1, etag: 'e', sizeBytes: 5, checksum: 'AAAAAA==' }
  await resumeUpload(s3Client(plan.options), token).complete([part])
  expect(plan.sent[0]?.headers.has('x-amz-checksum-crc32c')).toBe(false)
  expect(plan.sent[0]?.body).not.toContain('Checksum')
})

describe('what is read is verified', () => {
  const sumOfOther = 'AAAAAA=='
  async function get(
    headers: Record<string, string>,
    body = '12345',
    options = {},
  ): Promise<unknown> {
    const step = answer(options && 'range' in options ? 206 : 200, body, {
      etag: '"tag"',
      'content-length': '5',
      'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
      ...headers,
    })
    const client = s3Client(script([step], { checksum: crc32c() }).options)
    const object = await getObject(client, 'key', options)
    return new Response(object?.body ?? null).text()
  }

  test('where its checksum is of the whole object', async () => {
    const wrong = { 'x-amz-checksum-crc32c': sumOfOther }
    await expect(get(wrong)).rejects.toThrow(/other bytes/)
    await expect(get({ ...wrong, 'x-amz-checksum-type': 'FULL_OBJECT' })).rejects.toThrow()
  })

  test.each([
    ['there is none', {}],
    ['it is of the parts’ checksums', { 'x-amz-checksum-crc32c': `${sumOfOther}-2` }],
    ['it says so', { 'x-amz-checksum-crc32c': sumOfOther, 'x-amz-checksum-type': 'COMPOSITE' }],
    ['it is another algorithm’s', { 'x-amz-checksum-sha256': sumOfOther }],
    ['fetch decodes it', { 'x-amz-checksum-crc32c': sumOfOther, 'content-encoding': 'gzip' }],
  ])('not where %s', async (_, headers) => {
    expect(await get(headers as Record<string, string>)).toBe('12345')
  })

  test('not a range, which asks for none', async () => {
    const range = { 'content-range': 'bytes 0-4/9', 'x-amz-checksum-crc32c': sumOfOther }
    expect(await get(range, '12345', { range: { start: 0, end: 5 } })).toBe('12345')
    const plan = script([found()], { checksum: crc32c() })
    await failure(getObject(s3Client(plan.options), 'key', { range: { start: 0, end: 5 } }))
    expect(plan.sent[0]?.headers.has('x-amz-checksum-mode')).toBe(false)
  })
})

function xmlErrorSaying(code: string, message: string): string {
  return xmlError(code).replace('why', message)
}

async function read(client: S3Client, key: string): Promise<Bytes> {
  const object = await getObject(client, key)
  if (!object) throw new Error('nothing found')
  const chunks: Bytes[] = []
  for await (const chunk of object.body) chunks.push(chunk)
  return chunks.length === 0 ? new Uint8Array() : new Uint8Array(Buffer.concat(chunks))
}

/** Not by `toEqual`, which would draw a difference of megabytes. */
async function holds(client: S3Client, key: string, expected: Bytes): Promise<void> {
  expect(Buffer.compare(await read(client, key), expected), key).toBe(0)
}

async function headers(client: S3Client, key: string): Promise<{ readonly sums: Headers }> {
  const sums = await client.send({
    operation: 'HeadObject',
    method: 'HEAD',
    key,
    headers: { 'x-amz-checksum-mode': 'ENABLED' },
    read: async (response) => response.headers,
  })
  return { sums }
}

function flipped(body: Bytes): Bytes {
  const copy = body.slice()
  copy[500] = (copy[500] as number) ^ 1
  return copy
}

async function flippedBody(response: Response): Promise<Response> {
  return new Response(flipped(new Uint8Array(await response.arrayBuffer())), response)
}

/** The first 300 bytes, and then the connection is gone. */
async function cutBody(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  let begun = false
  const body = new ReadableStream({
    pull(controller) {
      if (begun) controller.error(new TypeError('terminated'))
      else controller.enqueue(bytes.subarray(0, 300))
      begun = true
    },
  })
  return new Response(body, response)
}
