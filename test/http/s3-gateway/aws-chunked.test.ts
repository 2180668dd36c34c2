import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { toBase64, utf8 } from '../../../src/core/bytes.ts'
import { crc } from '../../../src/core/crc.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { type Answer, gateway } from './tools.ts'

const HELLO = '5\r\nhello\r\n6\r\n world\r\n0\r\n'
const TRAILER = 'x-amz-checksum-crc32:DUoRhQ==\r\n'
const WHOLE = `${HELLO}${TRAILER}\r\n`

async function put(store: Store, body: string, headers: object = {}): Promise<Answer> {
  return gateway({ bucket: store })('PUT', '/bucket/key', {
    body,
    headers: {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '11',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'content-encoding': 'aws-chunked',
      ...headers,
    },
  })
}

async function stored(store: Store): Promise<string | undefined> {
  return (await store.get('key'))?.text()
}

describe('a body in chunks', () => {
  test('is taken out of them, and its checksum told', async () => {
    const store = memoryStore()
    const answer = await put(store, WHOLE)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-amz-checksum-crc32')).toBe('DUoRhQ==')
    expect(await stored(store)).toBe('hello world')
    expect((await store.head('key'))?.contentEncoding).toBeUndefined()
  })

  test.each([
    ['aws-chunked,gzip', 'gzip'],
    ['gzip, aws-chunked', 'gzip'],
    ['AWS-CHUNKED', undefined],
    ['br, gzip', 'br, gzip'],
  ])('Content-Encoding %s is kept as %s', async (given, kept) => {
    const store = memoryStore()
    expect((await put(store, WHOLE, { 'content-encoding': given })).status).toBe(200)
    expect((await store.head('key'))?.contentEncoding).toBe(kept)
  })

  test('needs no length of its own, and no trailer', async () => {
    const store = memoryStore()
    const headers = { 'content-length': undefined, 'x-amz-trailer': undefined }
    expect((await put(store, `${HELLO}\r\n`, headers)).status).toBe(200)
    expect(await stored(store)).toBe('hello world')
  })

  test('arrives as it was however the connection cuts it', async () => {
    const { decodeAwsChunked } = await import('../../../src/http/s3-gateway/aws-chunked.ts')
    for (let size = 1; size <= WHOLE.length; size++) {
      const pieces = WHOLE.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      const source = (async function* () {
        for (const piece of pieces) yield utf8(piece)
      })()
      const decoded = decodeAwsChunked(source)
      let text = ''
      let next = await decoded.next()
      for (; !next.done; next = await decoded.next()) text += new TextDecoder().decode(next.value)
      expect([text, [...next.value]]).toEqual([
        'hello world',
        [['x-amz-checksum-crc32', 'DUoRhQ==']],
      ])
    }
  })

  test('that is cut off anywhere is refused, and nothing is written', async () => {
    for (let length = 0; length < WHOLE.length; length++) {
      const store = memoryStore()
      expect((await put(store, WHOLE.slice(0, length))).status, `${length}`).toBe(400)
      expect(await stored(store), `${length}`).toBeUndefined()
    }
  })

  test.each([
    ['a size that is none', 'x\r\nhello\r\n', 'InvalidRequest'],
    ['no size', '\r\nhello\r\n', 'InvalidRequest'],
    ['a negative size', '-5\r\nhello\r\n', 'InvalidRequest'],
    ['a header without its end', '5'.repeat(100_000), 'InvalidRequest'],
    ['a header of 17 digits', `${'0'.repeat(16)}5\r\nhello\r\n`, 'InvalidRequest'],
    ['an extension', `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n`, 'InvalidRequest'],
    ['a bare newline', WHOLE.replaceAll('\r\n', '\n'), 'InvalidRequest'],
    ['a chunk longer than its size', WHOLE.replace('hello', 'helloX'), 'InvalidRequest'],
    ['a size beyond all', 'ffffffffffffffff\r\nhello\r\n', 'IncompleteBody'],
    ['more than declared', '5\r\nhello\r\n7\r\n world!\r\n0\r\n\r\n', 'IncompleteBody'],
    ['less than declared', `5\r\nhello\r\n0\r\n${TRAILER}\r\n`, 'IncompleteBody'],
    ['another checksum', `${HELLO}x-amz-checksum-crc32:AAAAAA==\r\n\r\n`, 'BadDigest'],
    ['a checksum that is none', `${HELLO}x-amz-checksum-crc32:AAAA\r\n\r\n`, 'InvalidRequest'],
    ['no checksum', `${HELLO}\r\n`, 'MalformedTrailerError'],
    ['an unannounced one', `${HELLO}x-amz-checksum-sha1:AAAA\r\n\r\n`, 'MalformedTrailerError'],
    ['one twice', `${HELLO}${TRAILER}${TRAILER}\r\n`, 'MalformedTrailerError'],
    ['a trailer that is no header', `${HELLO}x\r\n\r\n`, 'MalformedTrailerError'],
    ['a long trailer', `${HELLO}a:${'b'.repeat(2000)}\r\n\r\n`, 'MalformedTrailerError'],
    ['something behind it', `${WHOLE}x`, 'MalformedTrailerError'],
  ])('with %s is refused, and nothing is written', async (_, body, code) => {
    const store = memoryStore()
    expect(await put(store, body)).toMatchObject({ status: 400, code })
    expect(await stored(store)).toBeUndefined()
  })

  test.each([
    [{ 'x-amz-decoded-content-length': undefined }, 'MissingContentLength'],
    [{ 'x-amz-decoded-content-length': '-1' }, 'MissingContentLength'],
    [{ 'x-amz-decoded-content-length': `${2 ** 49}` }, 'EntityTooLarge'],
    [{ 'x-amz-trailer': 'x-amz-meta-a' }, 'InvalidRequest'],
    [{ 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }, 'NotImplemented'],
    [{ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, 'InvalidRequest'],
    [{ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-trailer': undefined }, 'InvalidRequest'],
  ])('under %j is refused', async (headers, code) => {
    const store = memoryStore()
    expect(await put(store, WHOLE, headers)).toMatchObject({ code })
    expect(await stored(store)).toBeUndefined()
  })
})

describe('a body that is larger than what is held', () => {
  const bytes = new Uint8Array(20 * 1024 ** 2).map((_, n) => n * 31)
  const sum = crc('crc64nvme')
  sum.update(bytes)
  const checksum = toBase64(sum.digest())

  test('is stored whole', async () => {
    const store = memoryStore()
    const headers = { 'x-amz-checksum-crc64nvme': checksum }
    const answer = await gateway({ bucket: store })('PUT', '/bucket/key', { body: bytes, headers })
    expect(answer.status).toBe(200)
    expect((await (await store.get('key'))?.bytes())?.every((byte, n) => byte === bytes[n])).toBe(
      true,
    )
  })

  test.each([
    ['another hash', { 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    ['another checksum', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['more than declared', { 'content-length': `${bytes.length - 1}` }, 'IncompleteBody'],
    ['less than declared', { 'content-length': `${bytes.length + 1}` }, 'IncompleteBody'],
  ])('with %s leaves no object and no upload', async (_, headers, code) => {
    const store = memoryStore()
    const ask = gateway({ bucket: store })
    expect(await ask('PUT', '/bucket/key', { body: bytes, headers })).toMatchObject({ code })
    expect(await store.head('key')).toBeUndefined()
    for await (const upload of store.listMultipart?.('') ?? []) expect.unreachable(upload.key)
  })

  test('keeps a condition where only a put can', async () => {
    const store = memoryStore({ capabilities: { conditionalComplete: false } })
    const ask = gateway({ bucket: store })
    const init = { body: bytes, headers: { 'if-none-match': '*' } }
    expect((await ask('PUT', '/bucket/key', init)).status).toBe(200)
    expect((await ask('PUT', '/bucket/key', init)).status).toBe(412)
  })
})
