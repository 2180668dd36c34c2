import type { ObjectHeaders, Store } from '../../contracts/index.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { checkAbsent, pattern, type StoreCase } from './tools.ts'

/** What is kept beside the bytes. */
export const headerCases: readonly StoreCase[] = [
  {
    name: 'headers: content type, cache control and disposition are kept',
    async run(store) {
      await checkKept(store, {
        contentType: 'application/vnd.apache.parquet',
        cacheControl: 'max-age=60, immutable',
        contentDisposition: 'attachment; filename="a b.parquet"',
      })
    },
  },
  {
    name: 'headers: the given content type wins over a Blob’s',
    async run(store) {
      const body = new Blob([pattern(10)], { type: 'text/plain' })
      await store.put('key', body, { contentType: 'text/csv; charset=utf-8' })
      checkEqual((await store.head('key'))?.contentType, 'text/csv; charset=utf-8', 'contentType')
    },
  },
  {
    name: 'headers: content encoding is kept',
    async run(store) {
      // Two bytes that no decoder would take: only head() is asked, because a fetch decodes the body on the way.
      await store.put('key', pattern(2), { contentEncoding: 'gzip' })
      checkEqual((await store.head('key'))?.contentEncoding, 'gzip', 'contentEncoding')
    },
  },
  {
    name: 'headers: metadata is kept',
    async run(store) {
      await checkKept(store, {
        metadata: { 'sluice-file': 'V1StGXR8_Z5jdHi6B-myT', n1: '0=1&2;3,4' },
      })
    },
  },
  {
    name: 'headers: a metadata name may be one that the store uses itself',
    async run(store) {
      const metadata = { 'sluice-write': 'mine', 'sluice-write-': 'also mine', b: '2' }
      await checkKept(store, { metadata })
      if (!store.capabilities.conditionalPut) return
      await store.put('new', pattern(3), { metadata, ifNoneMatch: '*' })
      checkEqual((await store.head('new'))?.metadata, metadata, 'metadata of a conditional put')
    },
  },
  {
    name: 'headers: a metadata value is any text',
    async run(store) {
      await checkKept(store, {
        metadata: {
          umlaut: 'Zoë, größer',
          astral: '👩‍🚀 日本語',
          latin: 'ÿ',
          percent: '%C3%BC + %',
          encoded: '=?UTF-8?B?w7w=?=',
          quoted: '"a\\b"',
        },
      })
    },
  },
  {
    name: 'headers: a metadata value keeps its outer spaces',
    async run(store) {
      await checkKept(store, {
        metadata: { padded: '  a  b ', 'only-space': ' ' },
      })
    },
  },
  {
    name: 'headers: a metadata value may be empty',
    async run(store) {
      await checkKept(store, { metadata: { nothing: '', other: 'x' } })
    },
  },
  {
    name: 'headers: a put without metadata has none, also over an object that had some',
    async run(store) {
      await store.put('key', pattern(10), {
        metadata: { old: '1' },
        cacheControl: 'no-store',
      })
      await store.put('key', pattern(10))
      const head = await store.head('key')
      checkEqual(head?.metadata ?? {}, {}, 'metadata')
      checkEqual(head?.cacheControl, undefined, 'cacheControl')
    },
  },
  {
    name: 'headers: what no header can carry is refused before anything is written',
    async run(store) {
      const refused: readonly ObjectHeaders[] = [
        { metadata: { Upper: 'x' } },
        { metadata: { 'a b': 'x' } },
        { metadata: { ü: 'x' } },
        { metadata: { '': 'x' } },
        { metadata: { a: 'line\r\nx-injected: 1' } },
        { metadata: { a: '\u0000' } },
        { metadata: { a: '\ud800' } },
        { contentType: 'text/plain\r\nx-injected: 1' },
        { cacheControl: 'a\u007fb' },
        { contentDisposition: 'attachment; filename="ü.csv"' },
        { contentType: ' text/csv' },
        { contentEncoding: 'gzip ' },
        { cacheControl: '' },
      ]
      for (const headers of refused) {
        const what = `put() with ${JSON.stringify(headers)}`
        await checkRejects(store.put('key', pattern(3), headers), 'invalid-options', what, 'key')
        if (!store.createMultipart) continue
        const creating = store.createMultipart('key', headers)
        await checkRejects(creating, 'invalid-options', `createMultipart: ${what}`, 'key')
      }
      await checkAbsent(store, 'key', 'a refused put')
    },
  },
]

async function checkKept(store: Store, headers: ObjectHeaders): Promise<void> {
  await store.put('key', pattern(10), headers)
  const head = await store.head('key')
  const found = await store.get('key')
  await found?.body.cancel()
  for (const [verb, info] of Object.entries({ head, get: found })) {
    check(info, `${verb}() found nothing`)
    for (const [name, expected] of Object.entries(headers)) {
      checkEqual(info[name as keyof ObjectHeaders], expected, `${name} of ${verb}()`)
    }
  }
}
