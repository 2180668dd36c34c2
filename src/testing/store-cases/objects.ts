import type { Bytes } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { check, checkBytes, checkEqual, checkRejects } from '../check.ts'
import { checkAbsent, checkObject, checkRecent, listed, pattern, type StoreCase } from './tools.ts'

/** Bytes in, the same bytes out. */
export const objectCases: readonly StoreCase[] = [
  {
    name: 'capabilities: a verb is there exactly when its capability is',
    async run(store) {
      const { capabilities } = store
      const expected = {
        copy: capabilities.copy,
        compose: capabilities.compose,
        createMultipart: capabilities.multipart !== false,
        resumeMultipart: capabilities.multipart !== false,
        listMultipart: capabilities.listUploads,
      }
      for (const [verb, there] of Object.entries(expected)) {
        checkEqual(
          typeof store[verb as keyof typeof expected],
          there ? 'function' : 'undefined',
          verb,
        )
      }
      check(capabilities.maxPutBytes > 0, 'maxPutBytes is positive')
      check(store.kind !== '', 'the kind has a name')
    },
  },
  {
    name: 'objects: put, then get, head and list agree',
    async run(store) {
      for (const sizeBytes of [1, 1000, 300_000]) {
        const key = `object-${sizeBytes}`
        const body = pattern(sizeBytes)
        const { etag } = await store.put(key, body)
        check(etag !== '' && !etag.includes('"'), `an ETag without quotes, got ${etag}`)
        await checkObject(store, key, body)
        const head = await store.head(key)
        check(head, 'head() found nothing')
        const { kind, sizeBytes: size, lastModified } = head
        checkEqual(
          { kind, key: head.key, size },
          { kind: 'object', key, size: sizeBytes },
          'head()',
        )
        checkRecent(lastModified, 'lastModified of head()')
        checkEqual(head.etag, etag, 'the ETag of head()')
        const found = await store.get(key)
        await found?.body.cancel()
        check(found, 'get() found nothing')
        checkEqual(found.etag, etag, 'the ETag of get()')
        checkRecent(found.lastModified, 'lastModified of get()')
        for await (const entry of store.list({ prefix: key })) {
          check(entry.kind === 'object', 'the listing names an object')
          const { sizeBytes: size, etag: listedEtag } = entry
          checkEqual({ size, listedEtag }, { size: sizeBytes, listedEtag: etag }, 'the listing')
          checkRecent(entry.lastModified, 'lastModified in the listing')
        }
      }
    },
  },
  {
    name: 'objects: an absent key is undefined, not an error',
    async run(store) {
      await store.put('near', pattern(3))
      await checkAbsent(store, 'nea', 'a shorter key')
      await checkAbsent(store, 'nearer', 'a longer key')
      await checkAbsent(store, 'near/by', 'a key below')
    },
  },
  {
    name: 'objects: an empty body is an object',
    async run(store) {
      await store.put('empty', new Uint8Array(0))
      await checkObject(store, 'empty', new Uint8Array(0))
      await store.put('empty-blob', new Blob([]))
      await checkObject(store, 'empty-blob', new Uint8Array(0))
      checkEqual(await listed(store), ['empty', 'empty-blob'], 'the listing')
    },
  },
  {
    name: 'objects: a Blob is a body, and so is a slice of one',
    async run(store) {
      const bytes = pattern(100_000)
      await store.put('blob', new Blob([bytes.subarray(0, 10), bytes.subarray(10)]))
      await checkObject(store, 'blob', bytes)
      await store.put('slice', new Blob([bytes]).slice(7, 70_007))
      await checkObject(store, 'slice', bytes.subarray(7, 70_007))
    },
  },
  {
    name: 'objects: a view into a larger buffer puts what it shows',
    async run(store) {
      const buffer = pattern(1000)
      await store.put('view', buffer.subarray(100, 200))
      await checkObject(store, 'view', buffer.subarray(100, 200))
    },
  },
  {
    name: 'objects: the caller may use its buffers again',
    async run(store) {
      const body = pattern(1000)
      const original = body.slice()
      await store.put('key', body)
      body.fill(0)
      await checkObject(store, 'key', original)
      const read = await (await store.get('key'))?.bytes()
      read?.fill(0)
      await checkObject(store, 'key', original)
    },
  },
  {
    name: 'objects: a put replaces the whole object',
    async run(store) {
      const first = await store.put('key', pattern(1000, 1))
      const second = await store.put('key', pattern(10, 2))
      check(first.etag !== second.etag, 'other bytes have another ETag')
      await checkObject(store, 'key', pattern(10, 2))
      checkEqual(await listed(store), ['key'], 'the listing')
    },
  },
  {
    name: 'objects: writers that meet leave one of their objects, whole',
    async run(store) {
      const bodies = [1, 2, 3, 4, 5, 6].map((seed) => pattern(50_000 + seed, seed))
      const results = await Promise.all(bodies.map((body) => store.put('key', body)))
      const found = await store.get('key')
      const bytes = await found?.bytes()
      const winner = bodies.findIndex((body) => body.byteLength === bytes?.byteLength)
      check(bytes && winner >= 0, 'one of the bodies is there')
      checkBytes(bytes, bodies[winner] as Bytes, 'the object')
      checkEqual(found?.etag, results[winner]?.etag, 'the ETag')
    },
  },
  {
    name: 'objects: text() is UTF-8',
    async run(store) {
      await store.put('text', utf8('Grüße, 👋'))
      checkEqual(await (await store.get('text'))?.text(), 'Grüße, 👋', 'text()')
    },
  },
  {
    name: 'objects: a body is a stream of bytes',
    async run(store) {
      const expected = pattern(400_000)
      await store.put('key', expected)
      const found = await store.get('key')
      check(found, 'get() found nothing')
      const read = new Uint8Array(expected.byteLength)
      let at = 0
      const reader = found.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        check(value instanceof Uint8Array, 'the stream gives Uint8Arrays')
        check(
          at + value.byteLength <= read.byteLength,
          'the stream gives no more than the object has',
        )
        read.set(value, at)
        at += value.byteLength
      }
      checkEqual(at, expected.byteLength, 'the length of the stream')
      checkBytes(read, expected, 'the stream')
    },
  },
  {
    name: 'objects: a body is read once',
    async run(store) {
      await store.put('key', pattern(1000))
      const found = await store.get('key')
      check(found, 'get() found nothing')
      await found.bytes()
      await checkRejects(found.bytes(), 'invalid-options', 'bytes() after bytes()', 'key')
      await checkRejects(found.text(), 'invalid-options', 'text() after bytes()', 'key')
    },
  },
  {
    name: 'objects: a body may be cancelled, unread or half read',
    async run(store) {
      await store.put('key', pattern(400_000))
      const unread = await store.get('key')
      await unread?.body.cancel()
      const half = await store.get('key')
      const reader = half?.body.getReader()
      await reader?.read()
      await reader?.cancel()
      await checkObject(store, 'key', pattern(400_000))
    },
  },
  {
    name: 'objects: a body that is read while its object changes is never a mixture',
    async run(store) {
      const before = pattern(1_000_000, 1)
      await store.put('key', before)
      const found = await store.get('key')
      check(found, 'get() found nothing')
      await store.put('key', pattern(1_000_000, 2))
      // A store may say that the version is gone, or give it whole.
      const bytes = await found.bytes().catch(() => before)
      checkBytes(bytes, before, 'the body')
      await checkObject(store, 'key', pattern(1_000_000, 2))
    },
  },
]
