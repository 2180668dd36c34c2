import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { plainCapabilities } from '../../src/stores/plain-capabilities.ts'
import { type PlainStore, withChecks } from '../../src/stores/with-checks.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { registerSuite } from './register.ts'

// A store that denies everything stands under it in test/examples/own-store.test.ts.
describe('withChecks over a store that takes conditions and ranges', () => {
  const checked = () => {
    const { capabilities, ...verbs } = memoryStore()
    const able = { ...plainCapabilities, conditionalPut: true, rangeGet: true, maxPutBytes: 10e6 }
    return withChecks({ ...verbs, capabilities: able })
  }
  registerSuite(storeSuite({ create: async () => ({ store: checked() }) }))
})

describe('withChecks: what is refused never reaches the store', () => {
  const body = new Uint8Array(4)
  const key = 'key'
  const signal = AbortSignal.abort()
  const drain = async (listing: AsyncIterable<unknown>) => {
    for await (const _ of listing) throw new Error('an entry')
  }
  const refused: Record<string, [code: string, call: (store: PlainStore) => Promise<unknown>]> = {
    'a key to put': ['invalid-key', (store) => store.put('a/../b', body)],
    'a key to get': ['invalid-key', (store) => store.get('')],
    'a key to ask about': ['invalid-key', (store) => store.head('.')],
    'a key to delete': ['invalid-key', (store) => store.delete('\n')],
    'one of several keys to delete': ['invalid-key', (store) => store.delete([key, ''])],
    'a prefix': ['invalid-key', (store) => drain(store.list({ prefix: '\ud800' }))],
    'a header': ['invalid-options', (store) => store.put(key, body, { contentType: 'a\nb' })],
    'a metadata name': [
      'invalid-options',
      (store) => store.put(key, body, { metadata: { A: 'b' } }),
    ],
    'a range': ['invalid-options', (store) => store.get(key, { range: { start: 2, end: 1 } })],
    'a range where there is none': [
      'not-supported',
      (store) => store.get(key, { range: { start: 0 } }),
    ],
    'a condition on absence': [
      'not-supported',
      (store) => store.put(key, body, { ifNoneMatch: '*' }),
    ],
    'a condition on a version': [
      'not-supported',
      (store) => store.put(key, body, { ifMatch: 'etag' }),
    ],
    'a body': ['too-large', (store) => store.put(key, new Uint8Array(5))],
    'a Blob': ['too-large', (store) => store.put(key, new Blob(['12345']))],
    'an aborted put': ['aborted', (store) => store.put(key, body, { signal })],
    'an aborted get': ['aborted', (store) => store.get(key, { signal })],
    'an aborted head': ['aborted', (store) => store.head(key, { signal })],
    'an aborted list': ['aborted', (store) => drain(store.list({ signal }))],
    'an aborted delete': ['aborted', (store) => store.delete(key, { signal })],
  }

  test.each(Object.entries(refused))('%s', async (_, [code, call]) => {
    const asked: string[] = []
    const verb = (name: string) => () => {
      asked.push(name)
      throw new Error('asked')
    }
    const store = withChecks({
      kind: 'deaf',
      capabilities: { ...plainCapabilities, maxPutBytes: 4 },
      put: verb('put'),
      get: verb('get'),
      head: verb('head'),
      list: verb('list'),
      delete: verb('delete'),
    })
    await expect(call(store)).rejects.toMatchObject({ name: 'SluiceError', code })
    expect(asked).toEqual([])
  })
})

test('withChecks: the body of another version is let go', async () => {
  const inner = memoryStore()
  await inner.put('key', new Uint8Array(1))
  let body: ReadableStream<unknown> | undefined
  const blind: Store['get'] = async (key) => {
    const found = await inner.get(key)
    body = found?.body
    return found
  }
  const store = withChecks({ ...inner, get: blind })
  const read = store.get('key', { ifMatch: 'another' })
  await expect(read).rejects.toMatchObject({ code: 'precondition-failed', key: 'key' })
  const reader = body?.getReader()
  expect(await reader?.read()).toEqual({ done: true, value: undefined })
})
