import { checkEqual } from '../check.ts'
import { checkAbsent, checkObject, listed, pattern, putAll, type StoreCase } from './tools.ts'

/** What goes, and what stays. */
export const deleteCases: readonly StoreCase[] = [
  {
    name: 'deletes: one key, and nothing beside it',
    async run(store) {
      await putAll(store, ['a-b', 'ab/c', 'b', 'b.c'])
      checkEqual(await store.delete('b'), { deleted: 1, failed: [] }, 'the result')
      await checkAbsent(store, 'b', 'after delete()')
      checkEqual(await listed(store), ['a-b', 'ab/c', 'b.c'], 'the listing')
    },
  },
  {
    name: 'deletes: a key is no folder',
    async run(store) {
      await putAll(store, ['a/b', 'a/c'])
      await store.delete('a')
      await store.delete('a/')
      checkEqual(await listed(store), ['a/b', 'a/c'], 'the listing')
    },
  },
  {
    name: 'deletes: an absent key counts as deleted',
    async run(store) {
      checkEqual(await store.delete('absent'), { deleted: 1, failed: [] }, 'an absent key')
      await store.put('key', pattern(3))
      await store.delete('key')
      checkEqual(await store.delete('key'), { deleted: 1, failed: [] }, 'a deleted key')
      checkEqual(await store.delete(['x', 'y']), { deleted: 2, failed: [] }, 'two absent keys')
    },
  },
  {
    name: 'deletes: a key that is named twice counts once',
    async run(store) {
      await putAll(store, ['a', 'b'])
      const result = await store.delete(['a', 'absent', 'a', 'absent'])
      checkEqual(result, { deleted: 2, failed: [] }, 'the result')
      checkEqual(await listed(store), ['b'], 'the listing')
    },
  },
  {
    name: 'deletes: no keys at all',
    async run(store) {
      await store.put('key', pattern(3))
      checkEqual(await store.delete([]), { deleted: 0, failed: [] }, 'the result')
      checkEqual(await listed(store), ['key'], 'the listing')
    },
  },
  {
    name: 'deletes: more than 1,000 keys, from any iterable',
    async run(store) {
      const keys = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, '0')}`)
      await putAll(store, [...keys, 'man', 'many.a'])
      const result = await store.delete(new Set([...keys, 'absent']))
      checkEqual(result, { deleted: keys.length + 1, failed: [] }, 'the result')
      checkEqual(await listed(store), ['man', 'many.a'], 'the listing')
    },
  },
  {
    name: 'deletes: keys that need escaping, in one call',
    async run(store) {
      const keys = ['a & b<c>"\'', 'a%2Fb+c', 'ü/😀', ' a ', 'a]]>b']
      await putAll(store, [...keys, 'stays'])
      checkEqual(await store.delete(keys), { deleted: keys.length, failed: [] }, 'the result')
      checkEqual(await listed(store), ['stays'], 'the listing')
    },
  },
  {
    name: 'deletes: a key can be written again',
    async run(store) {
      await store.put('key', pattern(10, 1), { metadata: { old: '1' } })
      await store.delete('key')
      await store.put('key', pattern(20, 2))
      await checkObject(store, 'key', pattern(20, 2))
      checkEqual((await store.head('key'))?.metadata ?? {}, {}, 'metadata')
    },
  },
]
