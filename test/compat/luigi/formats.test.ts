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
import { all, uploadsOf } from './world.ts'

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
