import { expect, test } from 'vitest'
import type { ObjectInfo } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { getResult } from '../../src/stores/get-result.ts'

const info: ObjectInfo = {
  kind: 'object',
  key: 'key',
  etag: 'etag',
  sizeBytes: 4,
  lastModified: new Date(0),
}

/** Lets everything happen that waits for nothing else. */
async function turns(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve()
}

/** Gives one chunk and then waits until it is closed. */
function quietSource() {
  let first = true
  const closed = Promise.withResolvers<undefined>()
  return {
    closes: 0,
    async next() {
      if (!first) return closed.promise
      first = false
      return utf8('abcd')
    },
    async close() {
      this.closes++
      closed.resolve(undefined)
    },
  }
}

test('a body is cancelled while its source is quiet, and the source is closed once', async () => {
  const source = quietSource()
  const reader = getResult(info, source, undefined).body.getReader()
  expect(await reader.read()).toEqual({ done: false, value: utf8('abcd') })
  const waiting = reader.read()
  await turns()
  await reader.cancel()
  expect(await waiting).toEqual({ done: true, value: undefined })
  // What the read that was cut short does with its answer.
  await turns()
  expect(source.closes).toBe(1)
})
