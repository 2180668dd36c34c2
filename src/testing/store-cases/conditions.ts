import type { Store } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { check, checkEqual, checkRejects, fail } from '../check.ts'
import { checkAbsent, checkObject, pattern, type StoreCase } from './tools.ts'

const RIVALS = 8

/** Who may write. The suite's other cases rely on none of this. */
export const conditionCases: readonly StoreCase[] = [
  {
    name: 'conditions: create-only writes where nothing is',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      const first = await store.put('key', pattern(10, 1), {
        ifNoneMatch: '*',
      })
      const again = store.put('key', pattern(10, 2), { ifNoneMatch: '*' })
      await checkRejects(again, 'precondition-failed', 'create-only over an object', 'key')
      await checkObject(store, 'key', pattern(10, 1))
      checkEqual((await store.head('key'))?.etag, first.etag, 'the ETag')
      await store.put('key-2', pattern(10, 3), { ifNoneMatch: '*' })
      await store.put('ke', pattern(10, 4), { ifNoneMatch: '*' })
    },
  },
  {
    name: 'conditions: create-only also refuses equal bytes, and an empty object counts',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      await store.put('key', new Uint8Array(0), { ifNoneMatch: '*' })
      const again = store.put('key', new Uint8Array(0), { ifNoneMatch: '*' })
      await checkRejects(again, 'precondition-failed', 'the same object again', 'key')
    },
  },
  {
    name: 'conditions: create-only writes again after a delete',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      await store.put('key', pattern(10, 1), { ifNoneMatch: '*' })
      await store.delete('key')
      await store.put('key', pattern(10, 2), { ifNoneMatch: '*' })
      await checkObject(store, 'key', pattern(10, 2))
    },
  },
  {
    name: 'conditions: ifMatch replaces that version and no other',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      const first = await store.put('key', pattern(10, 1))
      const second = await store.put('key', pattern(10, 2), {
        ifMatch: first.etag,
      })
      await checkObject(store, 'key', pattern(10, 2))
      const stale = store.put('key', pattern(10, 3), { ifMatch: first.etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'key')
      await checkObject(store, 'key', pattern(10, 2))
      await store.put('key', pattern(10, 4), { ifMatch: second.etag })
      await checkObject(store, 'key', pattern(10, 4))
    },
  },
  {
    name: 'conditions: ifMatch needs an object',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      const { etag } = await store.put('other', pattern(10, 1))
      const absent = store.put('key', pattern(10, 1), { ifMatch: etag })
      await checkRejects(absent, 'precondition-failed', 'an absent key', 'key')
      await checkAbsent(store, 'key', 'a refused put')
    },
  },
  {
    name: 'conditions: both at once are refused',
    async run(store) {
      const { etag } = await store.put('key', pattern(10, 1))
      const code = store.capabilities.conditionalPut ? 'invalid-options' : 'not-supported'
      for (const key of ['key', 'absent']) {
        const both = store.put(key, pattern(10, 2), { ifNoneMatch: '*', ifMatch: etag })
        await checkRejects(both, code, 'ifNoneMatch and ifMatch', key)
      }
      await checkObject(store, 'key', pattern(10, 1))
      await checkAbsent(store, 'absent', 'a refused put')
    },
  },
  {
    name: 'conditions: of writers that create one key, one wins',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      for (const round of [1, 2, 3]) {
        const key = `key-${round}`
        await checkRace(store, key, (seed) =>
          store.put(key, pattern(10_000, seed), { ifNoneMatch: '*' }),
        )
      }
    },
  },
  {
    name: 'conditions: of writers that replace one version, one wins',
    async run(store) {
      if (!store.capabilities.conditionalPut) return checkNoConditions(store)
      for (const round of [1, 2, 3]) {
        const key = `key-${round}`
        const { etag } = await store.put(key, pattern(10))
        await checkRace(store, key, (seed) =>
          store.put(key, pattern(10_000, seed), { ifMatch: etag }),
        )
      }
    },
  },
]

async function checkRace(
  store: Store,
  key: string,
  write: (seed: number) => Promise<unknown>,
): Promise<void> {
  const rivals = Array.from({ length: RIVALS }, (_, index) => index + 1)
  const results = await Promise.allSettled(rivals.map((seed) => write(seed)))
  const winners = rivals.filter((_, index) => results[index]?.status === 'fulfilled')
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const { reason } = result
    // A store that cannot tell which of two was first may say `conflict`; the loser then asks again.
    if (isSluiceError(reason, 'precondition-failed') || isSluiceError(reason, 'conflict')) continue
    fail(`a loser got ${reason}`, reason)
  }
  checkEqual(winners.length, 1, 'how many of the rivals won')
  await checkObject(store, key, pattern(10_000, winners[0]))
}

async function checkNoConditions(store: Store): Promise<void> {
  const { etag } = await store.put('there', pattern(3))
  for (const conditions of [{ ifNoneMatch: '*' }, { ifMatch: etag }] as const) {
    for (const key of ['absent', 'there']) {
      const writing = store.put(key, pattern(5), conditions)
      const what = `put() with ${JSON.stringify(conditions)}, without the capability`
      await checkRejects(writing, 'not-supported', what, key)
    }
  }
  await checkAbsent(store, 'absent', 'a refused option')
  await checkObject(store, 'there', pattern(3))
  check(!store.capabilities.conditionalPut, 'the capability is false')
}
