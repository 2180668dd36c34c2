import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { registerSuite } from './register.ts'

describe('memoryStore with all capabilities', () => {
  const capabilities = { multipart: { minPartBytes: 1000 } }
  registerSuite(storeSuite({ create: async () => ({ store: memoryStore({ capabilities }) }) }))
})

describe('memoryStore with R2’s limits', () => {
  const capabilities = {
    conditionalComplete: false,
    copy: false,
    compose: false,
    listUploads: false,
    multipart: { minPartBytes: 1000, equalParts: true },
  }
  registerSuite(storeSuite({ create: async () => ({ store: memoryStore({ capabilities }) }) }))
})

describe('memoryStore with no capabilities at all', () => {
  const capabilities = {
    conditionalPut: false,
    copy: false,
    compose: false,
    rangeGet: false,
    multipart: false,
  } as const
  registerSuite(storeSuite({ create: async () => ({ store: memoryStore({ capabilities }) }) }))
})

describe('memoryStore', () => {
  test('an upload’s id tells nobody the next one', async () => {
    const ids = new Set<string | undefined>()
    for (let i = 0; i < 3; i++) {
      ids.add((await memoryStore().createMultipart?.('key'))?.uploadId)
    }
    expect(ids.size).toBe(3)
  })

  test('has S3’s limits by default', () => {
    const { capabilities } = memoryStore()
    expect(capabilities.multipart).toEqual({
      minPartBytes: 5 * 1024 ** 2,
      maxPartBytes: 5 * 1024 ** 3,
      maxParts: 10_000,
      equalParts: false,
    })
    expect(capabilities.maxPutBytes).toBe(5 * 1024 ** 3)
  })

  test('refuses a body that passes maxPutBytes, and a part that passes maxPartBytes', async () => {
    const store = memoryStore({
      capabilities: { maxPutBytes: 10, multipart: { minPartBytes: 1, maxPartBytes: 10 } },
    })
    await expect(store.put('key', new Uint8Array(11))).rejects.toMatchObject({ code: 'too-large' })
    await expect(store.put('key', new Blob(['12345678901']))).rejects.toMatchObject({
      code: 'too-large',
    })
    const upload = await store.createMultipart?.('key')
    await expect(upload?.putPart(1, new Uint8Array(11))).rejects.toMatchObject({
      code: 'too-large',
    })
    expect(await store.head('key')).toBeUndefined()
  })

  test('dates come from its clock', async () => {
    const clock = virtualClock(1000)
    const store = memoryStore({ clock })
    await store.put('key', new Uint8Array(1))
    expect((await store.head('key'))?.lastModified).toEqual(new Date(1000))
    await clock.advance(500)
    await store.createMultipart?.('key')
    for await (const upload of store.listMultipart?.('') ?? []) {
      expect(upload.initiated).toEqual(new Date(1500))
    }
  })

  test('results are frozen', async () => {
    const store = memoryStore()
    await store.put('key', new Uint8Array(1), { metadata: { a: '1' } })
    const head = await store.head('key')
    expect(Object.isFrozen(head)).toBe(true)
    expect(Object.isFrozen(head?.metadata)).toBe(true)
  })

  test('a body stops where its signal fires', async () => {
    const store = memoryStore()
    await store.put('key', new Uint8Array(1_000_000))
    const controller = new AbortController()
    const reader = (await store.get('key', { signal: controller.signal }))?.body.getReader()
    await reader?.read()
    controller.abort()
    await expect(reader?.read()).rejects.toMatchObject({ code: 'aborted' })
  })

  test('a listing that has begun goes on over deletions', async () => {
    const store = memoryStore()
    for (const key of ['a', 'b', 'c']) await store.put(key, new Uint8Array(1))
    const seen: string[] = []
    for await (const entry of store.list()) {
      if (entry.kind === 'object') seen.push(entry.key)
      await store.delete('b')
    }
    expect(seen).toEqual(['a', 'c'])
  })
})
