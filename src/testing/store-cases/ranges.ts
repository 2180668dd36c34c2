import type { GetOptions, Store } from '../../contracts/index.ts'
import { check, checkBytes, checkEqual, checkRejects } from '../check.ts'
import { pattern, type StoreCase } from './tools.ts'

const SIZE = 100_000

/** Parts of an object, and versions of it. */
export const rangeCases: readonly StoreCase[] = [
  {
    name: 'ranges: [start, end) is what comes',
    async run(store) {
      const body = pattern(SIZE)
      const { etag } = await store.put('key', body)
      if (!store.capabilities.rangeGet) return checkNoRanges(store)
      const ranges = [
        { start: 0, end: 1 },
        { start: 0, end: SIZE },
        { start: 1, end: 70_000 },
        { start: SIZE - 1, end: SIZE },
        { start: 99_000 },
        { start: 0 },
        { start: 99_990, end: SIZE + 1 },
        { start: 99_990, end: Number.MAX_SAFE_INTEGER },
        { start: 5, end: undefined },
      ]
      for (const range of ranges) {
        const what = `the range ${JSON.stringify(range)}`
        const found = await store.get('key', { range })
        check(found, `${what}: nothing was found`)
        checkBytes(await found.bytes(), body.subarray(range.start, range.end), what)
        checkEqual(found.sizeBytes, SIZE, `${what}: sizeBytes is the whole object's`)
        checkEqual(found.etag, etag, `${what}: the ETag is the whole object's`)
      }
    },
  },
  {
    name: 'ranges: one that begins behind the last byte is refused',
    async run(store) {
      await store.put('key', pattern(10))
      if (!store.capabilities.rangeGet) return checkNoRanges(store)
      for (const start of [10, 11, 1_000_000]) {
        const reading = store.get('key', { range: { start } })
        await checkRejects(reading, 'invalid-options', `start ${start} of 10 bytes`, 'key')
      }
    },
  },
  {
    name: 'ranges: an empty object has none',
    async run(store) {
      await store.put('key', new Uint8Array(0))
      if (!store.capabilities.rangeGet) return checkNoRanges(store)
      const reading = store.get('key', { range: { start: 0, end: 1 } })
      await checkRejects(reading, 'invalid-options', 'start 0 of no bytes', 'key')
    },
  },
  {
    name: 'ranges: one that is none is refused',
    async run(store) {
      await store.put('key', pattern(10))
      if (!store.capabilities.rangeGet) return checkNoRanges(store)
      const ranges = [
        { start: -1 },
        { start: 5, end: 5 },
        { start: 5, end: 4 },
        { start: 0.5 },
        { start: 0, end: 1.5 },
        { start: Number.NaN },
        { start: 0, end: Number.POSITIVE_INFINITY },
      ]
      for (const range of ranges) {
        const what = `the range from ${range.start} to ${range.end}`
        await checkRejects(store.get('key', { range }), 'invalid-options', what, 'key')
      }
    },
  },
  {
    name: 'ranges: of an absent key there is none',
    async run(store) {
      if (!store.capabilities.rangeGet) return
      checkEqual(await store.get('absent', { range: { start: 0, end: 1 } }), undefined, 'get()')
    },
  },
  {
    name: 'ranges: get with ifMatch gives that version or none',
    async run(store) {
      const first = await store.put('key', pattern(10, 1))
      await checkVersion(store, first.etag, 1)
      const second = await store.put('key', pattern(10, 2))
      await checkVersion(store, second.etag, 2)
      const stale = store.get('key', { ifMatch: first.etag })
      await checkRejects(stale, 'precondition-failed', 'get() with a stale ETag', 'key')
      const absent = await store.get('absent', { ifMatch: first.etag })
      checkEqual(absent, undefined, 'get() of an absent key with ifMatch')
      if (!store.capabilities.rangeGet) return
      const options: GetOptions = {
        ifMatch: second.etag,
        range: { start: 2, end: 5 },
      }
      const found = await store.get('key', options)
      check(found, 'get() with ifMatch and a range found nothing')
      checkBytes(await found.bytes(), pattern(10, 2).subarray(2, 5), 'ifMatch and a range')
      const staleRange = store.get('key', { ...options, ifMatch: first.etag })
      await checkRejects(staleRange, 'precondition-failed', 'a range of a stale version', 'key')
    },
  },
]

async function checkVersion(store: Store, ifMatch: string, seed: number): Promise<void> {
  const found = await store.get('key', { ifMatch })
  check(found, 'get() with the right ETag found nothing')
  checkBytes(await found.bytes(), pattern(10, seed), 'get() with the right ETag')
}

async function checkNoRanges(store: Store): Promise<void> {
  const reading = store.get('key', { range: { start: 0, end: 1 } })
  await checkRejects(reading, 'not-supported', 'a range without the capability', 'key')
}
