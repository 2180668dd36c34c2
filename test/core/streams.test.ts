import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import {
  collectBytes,
  iterate,
  readableOf,
  readLines,
  toReadableStream,
} from '../../src/core/streams.ts'

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('iterate', () => {
  test('leaving the loop cancels a stream', async () => {
    let cancelled = false
    const endless = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const _ of iterate(endless)) break
    expect(cancelled).toBe(true)
  })

  test('a stream’s error comes through', async () => {
    const broken = new ReadableStream<number>({
      pull: (controller) => controller.error(new Error('cut')),
    })
    await expect(all(iterate(broken))).rejects.toThrow('cut')
  })
})

test('toReadableStream pulls only what is asked for, and returns the iterator when cancelled', async () => {
  let made = 0
  let returned = false
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (;;) yield ++made
    } finally {
      returned = true
    }
  }
  const reader = toReadableStream(numbers()).getReader()
  expect(await reader.read()).toEqual({ done: false, value: 1 })
  expect(made).toBe(1)
  await reader.cancel()
  expect(returned).toBe(true)
})

test('collectBytes stops at its limit and cancels the source', async () => {
  expect(await collectBytes(readableOf(utf8('abc')), 3)).toEqual(utf8('abc'))
  await expect(collectBytes([utf8('ab'), utf8('cd')], 3)).rejects.toMatchObject({
    code: 'too-large',
  })
})

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
