import { expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gateway } from './tools.ts'

test('a range is of the version whose size was told, or none', async () => {
  const store = memoryStore()
  await store.put('key', utf8('first'))
  const changing = {
    ...store,
    async head(key: string) {
      const info = await store.head(key)
      await store.put(key, utf8('second version'))
      return info
    },
  }
  const headers = { range: 'bytes=-2' }
  const found = await gateway({ bucket: changing })('GET', '/bucket/key', { headers })
  expect(found).toMatchObject({ status: 503, code: 'ServiceUnavailable' })
})

test('a range from a known place is one look at the store, unless it cannot be had', async () => {
  const store = memoryStore()
  const { etag } = await store.put('key', utf8('0123456789'))
  let looks = 0
  const counting = {
    ...store,
    head(...call: Parameters<Store['head']>) {
      looks++
      return store.head(...call)
    },
    get(...call: Parameters<Store['get']>) {
      looks++
      return store.get(...call)
    },
  }
  const ask = gateway({ bucket: counting })
  const looksFor = async (headers: object): Promise<[number, number]> => {
    looks = 0
    const { status } = await ask('GET', '/bucket/key', { headers })
    return [status, looks]
  }
  expect(await looksFor({ range: 'bytes=2-4' })).toEqual([206, 1])
  expect(await looksFor({ range: 'bytes=2-' })).toEqual([206, 1])
  expect(await looksFor({ range: 'bytes=2-4', 'if-match': `"${etag}"` })).toEqual([206, 1])
  expect(await looksFor({ range: 'bytes=2-4', 'if-match': '"x"' })).toEqual([412, 2])
  expect(await looksFor({ range: 'bytes=10-' })).toEqual([416, 2])
})
