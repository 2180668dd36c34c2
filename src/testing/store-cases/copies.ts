import type { Bytes, ComposeSource, Store } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { checkAbsent, checkObject, pattern, type StoreCase } from './tools.ts'

/** Bytes that move on the server. */
export const copyCases: readonly StoreCase[] = [
  {
    name: 'copies: bytes, headers and metadata',
    async run(store) {
      const headers = {
        contentType: 'text/csv',
        metadata: { who: 'Zoë' },
        cacheControl: 'no-store',
      }
      await store.put('from', pattern(1000), headers)
      if (!store.copy) return
      const { etag } = await store.copy('from', 'to/there')
      await checkObject(store, 'to/there', pattern(1000))
      await checkObject(store, 'from', pattern(1000))
      const head = await store.head('to/there')
      check(head, 'head() found nothing')
      const { contentType, metadata, cacheControl } = head
      checkEqual({ contentType, metadata, cacheControl }, headers, 'what is kept beside the bytes')
      checkEqual(head.etag, etag, 'the ETag')
    },
  },
  {
    name: 'copies: over an object',
    async run(store) {
      await store.put('from', pattern(1000, 1))
      await store.put('to', pattern(5, 2), { metadata: { old: '1' } })
      if (!store.copy) return
      await store.copy('from', 'to')
      await checkObject(store, 'to', pattern(1000, 1))
      checkEqual((await store.head('to'))?.metadata ?? {}, {}, 'metadata')
    },
  },
  {
    name: 'copies: keys that need escaping',
    async run(store) {
      const keys = ['a b+c&d', 'a%2Fb', 'ü/😀', "a'(b)*?#"]
      for (const [index, key] of keys.entries()) {
        await store.put(key, pattern(10 + index))
        await store.copy?.(key, `to/${key}`)
        if (store.copy) await checkObject(store, `to/${key}`, pattern(10 + index))
      }
    },
  },
  {
    name: 'copies: an absent source is not found',
    async run(store) {
      if (!store.copy) return
      await checkRejects(store.copy('absent', 'to'), 'not-found', 'copy()', 'absent')
      await checkAbsent(store, 'to', 'a failed copy')
    },
  },
  {
    name: 'copies: onto itself is refused',
    async run(store) {
      const { etag } = await store.put('key', pattern(10), { metadata: { a: '1' } })
      if (!store.copy) return
      await checkRejects(store.copy('key', 'key'), 'invalid-options', 'copy()', 'key')
      const codes = ['invalid-options', 'not-supported'] as const
      await checkRejects(store.copy('key', 'key', { ifMatch: etag }), codes, 'with ifMatch', 'key')
      await checkObject(store, 'key', pattern(10))
      checkEqual((await store.head('key'))?.metadata, { a: '1' }, 'metadata')
    },
  },
  {
    name: 'copies: conditions are honoured or refused',
    async run(store) {
      const from = await store.put('from', pattern(10, 1))
      const to = await store.put('to', pattern(10, 2))
      if (!store.copy) return
      const codes = ['precondition-failed', 'not-supported'] as const
      const create = store.copy('from', 'to', { ifNoneMatch: '*' })
      await checkRejects(create, codes, 'create-only over an object', 'to')
      const stale = store.copy('from', 'to', { ifMatch: from.etag })
      await checkRejects(stale, codes, 'ifMatch of another version', 'to')
      const absent = store.copy('from', 'absent', { ifMatch: to.etag })
      await checkRejects(absent, codes, 'ifMatch on an absent key', 'absent')
      await checkObject(store, 'to', pattern(10, 2))
      await checkAbsent(store, 'absent', 'a refused copy')
    },
  },
  {
    name: 'copies: composing puts one object after the other',
    async run(store) {
      if (!store.compose) return
      const { sources, expected } = await putSources(store)
      const headers = { contentType: 'text/csv', metadata: { who: 'Zoë' } }
      const { etag, sentBytes } = await store.compose(sources, 'to', headers)
      await checkObject(store, 'to', expected)
      check(sentBytes >= 0 && sentBytes <= expected.byteLength, `${sentBytes} bytes sent again`)
      const head = await store.head('to')
      check(head, 'head() found nothing')
      const { contentType, metadata } = head
      checkEqual({ contentType, metadata }, headers, 'what is kept beside the bytes')
      checkEqual(head.etag, etag, 'the ETag')
    },
  },
  {
    name: 'copies: conditions on what is composed are honoured or refused',
    async run(store) {
      if (!store.compose) return
      const from = await store.put('from', pattern(10, 1))
      await store.put('to', pattern(10, 2))
      const codes = ['precondition-failed', 'not-supported'] as const
      const create = store.compose([{ key: 'from' }], 'to', { ifNoneMatch: '*' })
      await checkRejects(create, codes, 'create-only over an object', 'to')
      const stale = store.compose([{ key: 'from' }], 'to', { ifMatch: from.etag })
      await checkRejects(stale, codes, 'ifMatch of another version', 'to')
      await checkObject(store, 'to', pattern(10, 2))
    },
  },
  {
    name: 'copies: composing onto one of the sources',
    async run(store) {
      if (!store.compose) return
      const { sources, expected } = await putSources(store)
      await store.compose(sources, 'from-1')
      await checkObject(store, 'from-1', expected)
    },
  },
  {
    name: 'copies: composing fails whole',
    async run(store) {
      if (!store.compose) return
      const { sources } = await putSources(store)
      const absent = store.compose([...sources, { key: 'absent' }], 'to')
      await checkRejects(absent, 'not-found', 'an absent source', 'absent')
      await checkRejects(store.compose([], 'to'), 'invalid-options', 'no sources', 'to')
      const other = await store.put('other', pattern(3))
      const stale = store.compose([{ key: 'from-1', ifMatch: other.etag }], 'to')
      await checkRejects(stale, 'precondition-failed', 'a source of another version', 'from-1')
      const behind = store.compose([{ key: 'other', range: { start: 3, end: 4 } }], 'to')
      await checkRejects(behind, 'invalid-options', 'a range behind the last byte', 'other')
      await checkAbsent(store, 'to', 'a failed compose')
    },
  },
]

/** Sources that every store can compose: all but the last have the size of a part. */
async function putSources(store: Store): Promise<{
  readonly sources: readonly ComposeSource[]
  readonly expected: Bytes
}> {
  const sizeBytes = (store.capabilities.multipart || { minPartBytes: 1000 }).minPartBytes
  const first = pattern(sizeBytes, 1)
  const second = pattern(sizeBytes + 100, 2)
  const third = pattern(10, 3)
  const { etag } = await store.put('from-1', first)
  await store.put('from-2', second)
  await store.put('from-3', third)
  const sources = [
    { key: 'from-1', ifMatch: etag },
    { key: 'from-2', range: { start: 100, end: sizeBytes + 100 } },
    { key: 'from-3' },
  ]
  return {
    sources,
    expected: concatBytes([first, second.subarray(100), third]),
  }
}
