import { expect, test } from 'vitest'
import {
  pipedWriter,
  S3Client,
  S3Target,
  type TargetFormat,
  text,
} from '../../../src/compat/luigi/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { all, chunksOf, uploadsOf } from './world.ts'

test('characters and newlines that chunks cut in two', async () => {
  const bytes = utf8('a\r\nb\r\r\nc😀\rd\r')
  for (const size of [1, 2, 3, 5, 100]) {
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
    }
    expect((await all(text().pipeReader(chunks()))).join('')).toBe('a\nb\n\nc😀\nd\n')
  }
})

test('what a format of one’s own throws is told by every further call', async () => {
  const store = memoryStore()
  const client = new S3Client({ buckets: { bucket: store } })
  const failure = new TypeError('of the format')
  const format: TargetFormat<string> = {
    ...text(),
    pipeWriter: (target) =>
      pipedWriter(target, (piece: string) => {
        if (piece === 'bad') throw failure
        return [utf8(piece)]
      }),
  }
  const target = new S3Target('s3://bucket/key', { client, format, partSize: 5 * 1024 ** 2 })
  const file = target.open('w')
  await file.write('x'.repeat(12 * 1024 ** 2))
  await expect(file.write('bad')).rejects.toBe(failure)
  await expect(file.write('good')).rejects.toBe(failure)
  await expect(file.close()).rejects.toBe(failure)
  expect(await target.exists()).toBe(false)
  expect(await uploadsOf(store)).toEqual([])
})

test('UTF-16 is read by its byte order mark, and utf-8-sig as UTF-8', async () => {
  const little = [0xff, 0xfe, 0x61, 0, 0xe4, 0]
  const big = [0xfe, 0xff, 0, 0x61, 0, 0xe4]
  for (const [encoding, bytes] of [
    ['utf_16', little],
    ['utf_16', big],
    ['UTF-16', big],
    ['utf16', big],
    ['utf-16', little.slice(2)],
    ['utf-16-be', big.slice(2)],
    ['utf-16-le', little.slice(2)],
    ['utf-8-sig', [0xef, 0xbb, 0xbf, 0x61, 0xc3, 0xa4]],
    ['utf_8_sig', [0x61, 0xc3, 0xa4]],
  ] as const) {
    for (const size of [1, 2, 6]) {
      async function* chunks() {
        for (let at = 0; at < bytes.length; at += size)
          yield new Uint8Array(bytes.slice(at, at + size))
      }
      const read = (await all(text({ encoding }).pipeReader(chunks()))).join('')
      expect(read, `${encoding} ${size}`).toBe('aä')
    }
  }
  const lone = async () =>
    all(text({ encoding: 'utf-16' }).pipeReader(chunksOf([new Uint8Array([0x61])])))
  await expect(lone()).rejects.toMatchObject({ code: 'invalid-record' })
})

test('what is no format, no client and no options is refused as it is given', () => {
  const client = new S3Client({ buckets: { b: memoryStore() } })
  const invalid = expect.objectContaining({ code: 'invalid-options' })
  for (const format of ['gzip', {}, 5]) {
    expect(() => new S3Target('s3://b/x', { client, format } as never)).toThrow(invalid)
  }
  for (const options of [undefined, {}, { client: {} }]) {
    expect(() => new S3Target('s3://b/x', options as never)).toThrow(invalid)
  }
  for (const options of [undefined, null, 5]) {
    expect(() => new S3Client(options as never)).toThrow(invalid)
  }
})
