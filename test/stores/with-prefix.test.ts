import { describe, expect, test } from 'vitest'
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
