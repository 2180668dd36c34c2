import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { isSluiceError, SluiceError } from '../../src/core/errors.ts'
import { getResult } from '../../src/stores/get-result.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { withPrefix } from '../../src/stores/with-prefix.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { registerSuite } from './register.ts'

const PREFIX = 'team ü/a%2F/'
const PREFIX_BYTES = 13

describe('withPrefix over memoryStore, with neighbours', () => {
  const capabilities = { multipart: { minPartBytes: 1000 } }
  registerSuite(
    storeSuite({
      maxKeyBytes: 1024 - PREFIX_BYTES,
      async create() {
        const base = memoryStore({ capabilities })
        const neighbours = ['team ü/a%2F', 'team ü/a%2F0', 'team ü/a%2F.', 'team', 'key', 'z']
        for (const key of neighbours) await base.put(key, new Uint8Array(3))
        await base.createMultipart?.('team ü/a%2F')
        return {
          store: withPrefix(base, PREFIX),
          async close() {
            for (const key of neighbours) expect((await base.head(key))?.sizeBytes).toBe(3)
          },
        }
      },
    }),
  )
})

describe('withPrefix over a store that can do less', () => {
  const capabilities = { multipart: false, copy: false, compose: false, rangeGet: false } as const
  registerSuite(
    storeSuite({
      maxKeyBytes: 1020,
      create: async () => ({ store: withPrefix(memoryStore({ capabilities }), 'p-') }),
    }),
  )
})

describe('withPrefix', () => {
  test('puts the prefix before every key', async () => {
    const base = memoryStore()
    const store = withPrefix(base, 'a/')
    await store.put('b', new Uint8Array(3))
    await store.copy?.('b', 'c')
    await store.createMultipart?.('d')
    const keys: string[] = []
    for await (const entry of base.list()) if (entry.kind === 'object') keys.push(entry.key)
    for await (const upload of base.listMultipart?.('') ?? []) keys.push(upload.key)
    expect(keys).toEqual(['a/b', 'a/c', 'a/d'])
  })

  test('nests', async () => {
    const base = memoryStore()
    const store = withPrefix(withPrefix(base, 'a/'), 'b/')
    await store.put('c', new Uint8Array(3), { ifNoneMatch: '*' })
    expect((await base.head('a/b/c'))?.key).toBe('a/b/c')
    await expect(store.put('c', new Uint8Array(3), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
      key: 'c',
    })
  })

  test('refuses a prefix that no key can begin with', () => {
    expect(() => withPrefix(memoryStore(), 'a/../')).toThrow(/segment/)
  })

  test('a token of one prefix is none of another', async () => {
    const base = memoryStore()
    const upload = await withPrefix(base, 'a/').createMultipart?.('key')
    if (!upload) throw new Error('the memory store has multipart')
    const other = withPrefix(base, 'b/').resumeMultipart?.(upload.toJSON())
    await expect(other?.putPart(1, new Uint8Array(3))).rejects.toMatchObject({ code: 'not-found' })
  })

  test('names failed deletions without the prefix', async () => {
    const base = memoryStore()
    const failing = {
      ...base,
      delete: async () => ({ deleted: 0, failed: [{ key: 'a/b', error: new Error('no') }] }),
    }
    expect((await withPrefix(failing, 'a/').delete('b')).failed).toMatchObject([{ key: 'b' }])
  })
})

describe('withPrefix: errors say our keys', () => {
  const PREFIX = 'tenants/secret "name"/'
  const body = new Uint8Array(3)

  async function errorOf(call: Promise<unknown> | undefined): Promise<SluiceError> {
    const error = await call?.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!isSluiceError(error)) throw new Error(`not rejected with a SluiceError but ${error}`)
    return error
  }

  test('in their messages too, however long the key is', async () => {
    const base = memoryStore()
    const store = withPrefix(base, PREFIX)
    await store.put('k', body)
    const long = 'x'.repeat(1020)
    const errors = {
      k: await errorOf(store.put('k', body, { ifNoneMatch: '*' })),
      absent: await errorOf(store.copy?.('absent', 'k')),
      [long]: await errorOf(store.put(long, body)),
    }
    for (const [key, error] of Object.entries(errors)) {
      expect(error.key).toBe(key)
      expect(error.message).not.toContain('secret')
      expect(error.message).toContain(`"${key.slice(0, 200)}`)
      expect(error.cause).toMatchObject({ key: PREFIX + key })
    }
    const listing = await errorOf(store.list({ prefix: long })[Symbol.asyncIterator]().next())
    expect(listing).toMatchObject({ code: 'invalid-key', key: undefined })
    expect(listing.message).not.toContain('secret')
  })

  test('a key of ours that begins like the prefix stays as it is', async () => {
    const store = withPrefix(memoryStore(), 'a/')
    const key = 'a/..'
    expect(await errorOf(store.put(key, body))).toMatchObject({ code: 'invalid-key', key })
    expect(await errorOf(store.delete(['b', key]))).toMatchObject({ code: 'invalid-key', key })
    expect((await errorOf(store.put(key, body))).message).toContain(`"${key}"`)
  })

  test('a word that begins like the prefix is no key', async () => {
    const store = withPrefix(memoryStore(), 'content')
    const { message } = await errorOf(store.put('k', body, { contentType: ' ' }))
    expect(message).toContain('"contentType"')
    expect(message).toContain('"k"')
  })

  test('when a body fails halfway', async () => {
    const base = memoryStore()
    await base.put(`${PREFIX}k`, body)
    const failing: Store = {
      ...base,
      async get(key) {
        const info = await base.head(key)
        const broken = new SluiceError('network', `Reading "${key}" was cut short`, { key })
        return info && getResult(info, { next: () => Promise.reject(broken) }, undefined)
      },
    }
    const store = withPrefix(failing, PREFIX)
    const read: readonly (() => Promise<unknown> | undefined)[] = [
      async () => (await store.get('k'))?.body.getReader().read(),
      async () => (await store.get('k'))?.bytes(),
      async () => (await store.get('k'))?.text(),
    ]
    for (const call of read) {
      const error = await errorOf(call())
      expect(error).toMatchObject({ code: 'network', key: 'k', retryable: true })
      expect(error.message).toBe('Reading "k" was cut short')
    }
  })

  test('cancelling the body lets go of the base’s', async () => {
    const base = memoryStore()
    await base.put(`${PREFIX}k`, body)
    let closed = 0
    const watched: Store = {
      ...base,
      async get(key) {
        const info = await base.head(key)
        const close = async () => void closed++
        return info && getResult(info, { next: async () => body, close }, undefined)
      },
    }
    const found = await withPrefix(watched, PREFIX).get('k')
    await found?.body.cancel()
    expect(closed).toBe(1)
  })
})
