import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Bytes, Store } from '../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../src/core/bytes.ts'
import { decodeAwsChunked } from '../../../src/http/s3-gateway/aws-chunked.ts'
import { verifySignature } from '../../../src/http/s3-gateway/signature.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { s3Client } from '../../../src/s3/client.ts'
import { presign } from '../../../src/s3/presign.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { type Answer, answerOf, CREDENTIALS, signedRequest } from './tools.ts'

const PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
const TRAILER = `${PAYLOAD}-TRAILER`
const NOTHING = createHash('sha256').digest('hex')

const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** A body as the specification wants it, by Node's own digests. */
class Chunks {
  readonly pieces: Bytes[] = []
  #previous: string
  readonly #key: Uint8Array
  readonly #head: string

  constructor(seed: string, date: string, secret = CREDENTIALS.secretAccessKey) {
    this.#previous = seed
    const day = date.slice(0, 8)
    this.#key = [day, 'us-east-1', 's3', 'aws4_request'].reduce<Uint8Array>(
      hmac,
      utf8(`AWS4${secret}`),
    )
    this.#head = `${date}\n${day}/us-east-1/s3/aws4_request`
  }

  sign(algorithm: string, ...hashes: string[]): string {
    const lines = [algorithm, this.#head, this.#previous, ...hashes]
    this.#previous = hmac(this.#key, lines.join('\n')).toString('hex')
    return this.#previous
  }

  chunk(
    data: Bytes,
    signature = this.sign('AWS4-HMAC-SHA256-PAYLOAD', NOTHING, sha256(data)),
  ): this {
    const head = utf8(`${data.byteLength.toString(16)};chunk-signature=${signature}\r\n`)
    this.pieces.push(head, data)
    if (data.byteLength > 0) this.pieces.push(utf8('\r\n'))
    return this
  }

  trailer(line: string): this {
    const signature = this.sign('AWS4-HMAC-SHA256-TRAILER', sha256(`${line}\n`))
    this.pieces.push(utf8(`${line}\r\nx-amz-trailer-signature:${signature}\r\n`))
    return this
  }

  end(): Bytes {
    return concatBytes([...this.pieces, utf8('\r\n')])
  }
}

describe("AWS's example", () => {
  const ends = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ]
  const headers = new Headers({
    'content-encoding': 'aws-chunked',
    'content-length': '66824',
    'x-amz-content-sha256': PAYLOAD,
    'x-amz-date': '20130524T000000Z',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  })
  const names = ['host', ...headers.keys()].sort().join(';')
  headers.set(
    'authorization',
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
  )
  const request = {
    method: 'PUT',
    host: 's3.amazonaws.com',
    path: '/examplebucket/chunkObject.txt',
    query: [],
    headers,
  }
  const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
  const options = {
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey },
    region: 'us-east-1',
    clock: virtualClock(Date.UTC(2013, 4, 24)),
  }

  async function decoded(signatures: readonly string[]): Promise<number> {
    const { chain } = await verifySignature(request, options)
    const chunks = new Chunks('', '20130524T000000Z')
    for (const [n, size] of [65_536, 1024, 0].entries()) {
      chunks.chunk(new Uint8Array(size).fill(97), signatures[n])
    }
    const source = (async function* () {
      yield chunks.end()
    })()
    let bytes = 0
    for await (const piece of decodeAwsChunked(source, chain, false)) bytes += piece.byteLength
    return bytes
  }

  /** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
  test('is taken', async () => {
    expect(await decoded(ends)).toBe(66_560)
  })

  test('holds only in its order', async () => {
    const swapped = [ends[1], ends[0], ends[2]] as string[]
    await expect(decoded(swapped)).rejects.toMatchObject({ s3Code: 'SignatureDoesNotMatch' })
  })
})

const DATA = [64, 64, 3].map((kib, n) => new Uint8Array(kib * 1024).map((_, at) => at * (n + 7)))
const SIZE = DATA.reduce((sum, data) => sum + data.byteLength, 0)
const CRC = 'x-amz-checksum-sha256'
const checksum = `${CRC}:${createHash('sha256').update(concatBytes(DATA)).digest('base64')}`

async function put(
  store: Store,
  make: (chunks: Chunks) => Bytes,
  headers: object = {},
): Promise<Answer> {
  const request = await signedRequest('PUT', '/bucket/key', {
    headers: {
      'x-amz-content-sha256': PAYLOAD,
      'x-amz-decoded-content-length': String(SIZE),
      'content-encoding': 'aws-chunked',
      ...headers,
    },
  })
  const seed = /Signature=(\w+)/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  const body = make(new Chunks(seed, request.headers.get('x-amz-date') ?? ''))
  const gateway = s3Gateway({ buckets: { bucket: store }, credentials: CREDENTIALS })
  return answerOf(await gateway(new Request(request, { body })))
}

const all = (chunks: Chunks): Chunks => {
  for (const data of DATA) chunks.chunk(data)
  return chunks.chunk(new Uint8Array())
}
const withTrailer = { 'x-amz-content-sha256': TRAILER, 'x-amz-trailer': CRC }

/** The body with one byte changed. */
const flipped = (body: Bytes, at: number): Bytes =>
  body.map((byte, n) => (n === at ? byte ^ 1 : byte))

describe('a body in signed chunks', () => {
  test('is taken out of them', async () => {
    const store = memoryStore()
    expect((await put(store, (chunks) => all(chunks).end())).status).toBe(200)
    expect(await (await store.get('key'))?.bytes()).toEqual(concatBytes(DATA))
    expect((await store.head('key'))?.contentEncoding).toBeUndefined()
  })

  test('and a trailer', async () => {
    const store = memoryStore()
    const answer = await put(store, (chunks) => all(chunks).trailer(checksum).end(), withTrailer)
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.headers.get(CRC)).toBe(checksum.slice(CRC.length + 1))
    expect(await (await store.get('key'))?.bytes()).toEqual(concatBytes(DATA))
  })

  test('with any byte changed is refused, and nothing is written', async () => {
    const store = memoryStore()
    let length = 0
    await put(
      store,
      (chunks) => {
        const body = all(chunks).trailer(checksum).end()
        length = body.byteLength
        return flipped(body, 0)
      },
      withTrailer,
    )
    const heads = Array.from({ length: 90 }, (_, n) => n)
    const places = [...heads, 1000, 65_700, 100_000, ...heads.map((n) => length - 1 - 3 * n)]
    for (const at of places) {
      const answer = await put(
        store,
        (chunks) => flipped(all(chunks).trailer(checksum).end(), at),
        withTrailer,
      )
      expect(answer.status, `${at}`).toBeGreaterThanOrEqual(400)
      expect(answer.status, `${at}`).toBeLessThan(500)
      expect(await store.head('key'), `${at}`).toBeUndefined()
    }
  })

  test.each<[string, (chunks: Chunks) => Bytes, object, string]>([
    ['data of another', (chunks) => flipped(all(chunks).end(), 1000), {}, 'SignatureDoesNotMatch'],
    [
      'the secret of another',
      () => all(new Chunks('0'.repeat(64), '20260101T000000Z', 'x')).end(),
      {},
      'SignatureDoesNotMatch',
    ],
    [
      'chunks in another order',
      (chunks) => {
        const [a, x, b, c, y, d, ...rest] = all(chunks).pieces as Bytes[]
        return concatBytes([c, y, d, a, x, b, ...rest, utf8('\r\n')] as Bytes[])
      },
      {},
      'SignatureDoesNotMatch',
    ],
    [
      'a chunk left out',
      (chunks) => concatBytes([...all(chunks).pieces.slice(3), utf8('\r\n')]),
      { 'x-amz-decoded-content-length': String(SIZE - 65_536) },
      'SignatureDoesNotMatch',
    ],
    [
      'no last chunk',
      (chunks) => concatBytes(all(chunks).pieces.slice(0, -2)),
      {},
      'InvalidRequest',
    ],
    ['no signatures', () => utf8(`${SIZE.toString(16)}\r\n`), {}, 'InvalidRequest'],
    [
      'small chunks',
      (chunks) => {
        for (const size of [8191, 1]) chunks.chunk(new Uint8Array(size))
        return chunks.chunk(new Uint8Array()).end()
      },
      { 'x-amz-decoded-content-length': '8192' },
      'InvalidChunkSizeError',
    ],
    [
      'no signature of its trailers',
      (chunks) => concatBytes([...all(chunks).pieces, utf8(`${checksum}\r\n\r\n`)]),
      withTrailer,
      'MalformedTrailerError',
    ],
    ['no trailers', (chunks) => all(chunks).end(), withTrailer, 'MalformedTrailerError'],
    [
      'trailers that were not announced',
      (chunks) => all(chunks).trailer(checksum).end(),
      {},
      'MalformedTrailerError',
    ],
    [
      'an announced trailer where there are none',
      (chunks) => all(chunks).end(),
      { 'x-amz-trailer': CRC },
      'InvalidRequest',
    ],
    [
      'less than was announced',
      (chunks) => all(chunks).end(),
      { 'x-amz-decoded-content-length': String(SIZE + 1) },
      'IncompleteBody',
    ],
  ])('with %s is refused, and nothing is written', async (_, make, headers, code) => {
    const store = memoryStore()
    expect(await put(store, make, headers)).toMatchObject({ code })
    expect(await store.head('key')).toBeUndefined()
  })

  test('goes with no presigned URL', async () => {
    const store = memoryStore()
    const client = s3Client({
      bucket: 'bucket',
      endpoint: 'https://s3.test',
      credentials: CREDENTIALS,
    })
    const { url, headers } = await presign(client, {
      method: 'PUT',
      key: 'key',
      headers: { 'x-amz-content-sha256': PAYLOAD, 'x-amz-decoded-content-length': '3' },
    })
    const gateway = s3Gateway({ buckets: { bucket: store }, credentials: CREDENTIALS })
    const answer = await answerOf(
      await gateway(new Request(url, { method: 'PUT', headers, body: '3\r\nabc\r\n0\r\n\r\n' })),
    )
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest' })
    expect(await store.head('key')).toBeUndefined()
  })
})
