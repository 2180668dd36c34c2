import { expect, test } from 'vitest'
import { utf8 } from '../../src/core/bytes.ts'
import { collectBytes, toReadableStream } from '../../src/core/streams.ts'

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
  expect(await collectBytes(toReadableStream([utf8('abc')]), 3)).toEqual(utf8('abc'))
  await expect(collectBytes([utf8('ab'), utf8('cd')], 3)).rejects.toMatchObject({
    code: 'too-large',
  })
})

test('collectBytes gathers chunks of any size, in their order', async () => {
  const large = new Uint8Array(70_000).fill(1)
  const chunks = [utf8('a'), utf8(''), large, utf8('b'), utf8('c'), large, large, utf8('d')]
  expect(Buffer.compare(await collectBytes(chunks), Buffer.concat(chunks))).toBe(0)
  expect(await collectBytes([])).toHaveLength(0)
})
