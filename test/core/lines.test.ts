import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { readLines } from '../../src/core/lines.ts'

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('readLines', () => {
  test('any cutting of the bytes gives the same lines', async () => {
    const text = 'erste\r\nzweite ü 😀\n\nletzte'
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 7 })), async (sizes) => {
        const bytes = utf8(text)
        const chunks: Bytes[] = []
        let at = 0
        for (const size of sizes) {
          chunks.push(bytes.slice(at, at + size))
          at += size
        }
        chunks.push(bytes.slice(at))
        expect(await all(readLines(chunks))).toEqual(['erste', 'zweite ü 😀', '', 'letzte'])
      }),
    )
  })

  test('takes a byte order mark off, once', async () => {
    expect(await all(readLines([utf8('\ufeffa\n\ufeffb\n')]))).toEqual(['a', '\ufeffb'])
  })

  test('refuses bytes that are no text and lines without end, by number', async () => {
    await expect(all(readLines([new Uint8Array([0x61, 0x0a, 0xff])]))).rejects.toMatchObject({
      code: 'invalid-record',
      message: 'Line 2 is not UTF-8',
    })
    await expect(all(readLines([utf8('aaaa')], { maxLineBytes: 3 }))).rejects.toMatchObject({
      code: 'too-large',
    })
  })
})
