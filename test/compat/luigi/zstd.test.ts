import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../src/core/bytes.ts'
import { chainFormats, S3Client, S3Target, text, zstd } from '../../../src/node/luigi.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { all, chunksOf, cut, pattern } from './world.ts'

const packed = (words: string): Bytes => new Uint8Array(zstdCompressSync(words))

async function read(bytes: Bytes, size = 1000): Promise<string> {
  const pieces = await all(zstd().pipeReader(chunksOf(cut(bytes, size))))
  return new TextDecoder().decode(concatBytes(pieces))
}

const frames = concatBytes([packed('one '), packed(''), packed('two '.repeat(50_000))])

// Node's own stream ends at the first frame that ends within a chunk, and says nothing of the others.
test.each([1, 2, 3, 7, 19, 64, 100_000])('several frames, in chunks of %i bytes', async (size) => {
  expect(await read(frames, size)).toBe(`one ${'two '.repeat(50_000)}`)
})

test('a small file that unpacks to a large one, in pieces', async () => {
  const bomb = new Uint8Array(zstdCompressSync(new Uint8Array(50_000_000)))
  expect(bomb.byteLength).toBeLessThan(10_000)
  let [most, total] = [0, 0]
  for await (const { byteLength } of zstd().pipeReader(chunksOf([bomb]))) {
    most = Math.max(most, byteLength)
    total += byteLength
  }
  expect(total).toBe(50_000_000)
  expect(most).toBeLessThanOrEqual(256 * 1024)
})

describe('refuses', () => {
  const whole = packed('some text')
  // Magic, a descriptor without a single segment, and a window of 3.75 TiB.
  const greedy = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0x00, 0x00])
  test.each<[string, Bytes]>([
    ['what is no zstd', utf8('plain text')],
    ['a file without a byte', new Uint8Array(0)],
    ['a file that breaks off', whole.slice(0, -1)],
    ['a second frame that breaks off', concatBytes([whole, whole.slice(0, 7)])],
    ['something else behind it', concatBytes([whole, utf8('more of it')])],
    ['a frame that wants too much memory', greedy],
  ])('%s', async (_, bytes) => {
    for (const size of [1, 1000]) {
      await expect(read(bytes, size)).rejects.toMatchObject({ code: 'invalid-record' })
    }
  })
})

test('what it writes, others read, and a target reads back', async () => {
  const client = new S3Client({ buckets: { bucket: memoryStore() } })
  for (const chunks of [[], [pattern(1)], cut(pattern(300_000), 7777)]) {
    const target = new S3Target('s3://bucket/key.zst', { client, format: zstd() })
    const file = target.open('w')
    for (const chunk of chunks) await file.write(chunk)
    await file.close()
    const stored = await client.getAsBytes('s3://bucket/key.zst')
    expect(zstdDecompressSync(stored).equals(Buffer.concat(chunks))).toBe(true)
    await using back = await target.open()
    expect(Buffer.from(await back.read()).equals(Buffer.concat(chunks))).toBe(true)
  }
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`)
  const format = chainFormats(text(), zstd())
  const target = new S3Target('s3://bucket/lines.zst', { client, format })
  const file = target.open('w')
  for (const line of lines) await file.write(`${line}\n`)
  await file.close()
  await using back = await target.open()
  expect(await all(back)).toEqual(lines)
})

test('a reader that is closed early lets go', async () => {
  let ended = false
  async function* source(): AsyncGenerator<Bytes> {
    try {
      for (;;) yield frames
    } finally {
      ended = true
    }
  }
  for await (const piece of zstd().pipeReader(source())) if (piece.byteLength > 0) break
  expect(ended).toBe(true)
})
