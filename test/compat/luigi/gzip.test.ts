import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { gzip } from '../../../src/compat/luigi/formats/gzip.ts'
import { chainFormats, S3Client, S3Target } from '../../../src/compat/luigi/index.ts'
import type { Bytes } from '../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../src/core/bytes.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { chunksOf, cut, pattern } from './world.ts'

const packed = (text: string): Bytes => new Uint8Array(gzipSync(text))

async function read(bytes: Bytes, size = 1000): Promise<string> {
  const pieces: Bytes[] = []
  for await (const piece of gzip().pipeReader(chunksOf(cut(bytes, size)))) pieces.push(piece)
  return new TextDecoder().decode(concatBytes(pieces))
}

describe('reads', () => {
  const members = concatBytes([packed('one '), packed(''), packed('two '.repeat(1000))])

  test.each([1, 2, 3, 7, 19, 20, 64, 100_000])(
    'several members, in chunks of %i bytes',
    async (size) => {
      expect(await read(members, size)).toBe(`one ${'two '.repeat(1000)}`)
    },
  )

  test('a member that ends where a chunk ends', async () => {
    const [one, two] = [packed('one'), packed('two')]
    const pieces: Bytes[] = []
    for await (const piece of gzip().pipeReader(chunksOf([one, two]))) pieces.push(piece)
    expect(new TextDecoder().decode(concatBytes(pieces))).toBe('onetwo')
  })

  test('the zeros behind the last member', async () => {
    expect(await read(concatBytes([packed('text'), new Uint8Array(5000)]), 512)).toBe('text')
  })

  test('a small file that unpacks to a large one, in small pieces', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(20_000_000)))
    expect(bomb.byteLength).toBeLessThan(25_000)
    let [most, total] = [0, 0]
    for await (const { byteLength } of gzip().pipeReader(chunksOf([bomb]))) {
      most = Math.max(most, byteLength)
      total += byteLength
    }
    expect({ most, total }).toEqual({ most: 64 * 1024, total: 20_000_000 })
  })

  const whole = packed('some text')
  const damaged = whole.slice()
  damaged.set([(damaged.at(-6) as number) ^ 1], damaged.length - 6)
  test.each<[string, Bytes]>([
    ['what is no gzip', utf8('plain text')],
    ['a file without a byte', new Uint8Array(0)],
    ['a file that breaks off', whole.slice(0, -1)],
    ['a second member that breaks off', concatBytes([whole, whole.slice(0, 5)])],
    ['a wrong checksum', damaged],
    ['something else behind it', concatBytes([whole, utf8('more')])],
  ])('not %s', async (_, bytes) => {
    for (const size of [1, 1000]) {
      await expect(read(bytes, size)).rejects.toMatchObject({ code: 'invalid-record' })
    }
  })
})

test('what it writes, others read', async () => {
  const store = memoryStore()
  const client = new S3Client({ buckets: { bucket: store } })
  for (const chunks of [[], [pattern(1)], cut(pattern(300_000), 7777)]) {
    const target = new S3Target('s3://bucket/key.gz', { client, format: gzip() })
    const file = target.open('w')
    for (const chunk of chunks) await file.write(chunk)
    await file.close()
    const stored = await client.getAsBytes('s3://bucket/key.gz')
    expect(gunzipSync(stored).equals(Buffer.concat(chunks))).toBe(true)
    await using back = await target.open()
    expect(Buffer.from(await back.read()).equals(Buffer.concat(chunks))).toBe(true)
  }
  expect(await store.head('key.gz')).not.toHaveProperty('contentEncoding', 'gzip')
})

test('twice is a chain, too', async () => {
  const client = new S3Client({ buckets: { bucket: memoryStore() } })
  const format = chainFormats(gzip(), gzip())
  const target = new S3Target('s3://bucket/key', { client, format })
  const file = target.open('w')
  await file.write(utf8('text'))
  await file.close()
  const stored = await client.getAsBytes('s3://bucket/key')
  expect(gunzipSync(gunzipSync(stored)).toString()).toBe('text')
  await using back = await target.open()
  expect(new TextDecoder().decode(await back.read())).toBe('text')
})
