import { expect, test } from 'vitest'
import type { MultipartUpload, ObjectInfo, Prefix, Store } from '../../src/contracts/index.ts'
import { isSluiceError } from '../../src/core/errors.ts'
import { compareKeys } from '../../src/core/keys.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'

/** A whole store, with what it breaks put in place of its own. */
type Mutation = (whole: Required<Store>) => Partial<Store>

/** Uploads that were opened, so that a mutant can find one by its id alone. */
function byIdAlone(
  whole: Required<Store>,
  change: (own: MultipartUpload, asGiven: MultipartUpload) => Partial<MultipartUpload>,
): Partial<Store> {
  const opened = new Map<string, MultipartUpload>()
  return {
    async createMultipart(key, options) {
      const upload = await whole.createMultipart(key, options)
      opened.set(upload.uploadId, upload)
      return upload
    },
    resumeMultipart(token) {
      const asGiven = whole.resumeMultipart(token)
      const own = opened.get(token.uploadId)
      return own ? { ...asGiven, ...change(own, asGiven) } : asGiven
    },
  }
}

function uploads(
  whole: Required<Store>,
  change: (upload: MultipartUpload) => Partial<MultipartUpload>,
): Partial<Store> {
  return {
    async createMultipart(key, options) {
      const upload = await whole.createMultipart(key, options)
      return { ...upload, ...change(upload) }
    },
  }
}

const nameOf = (entry: ObjectInfo | Prefix): string =>
  entry.kind === 'prefix' ? entry.prefix : entry.key

/** Stores that are broken in one way each, and the case that must tell. */
const MUTANTS: readonly (readonly [fault: string, caseName: string, Mutation])[] = [
  [
    'a folded prefix is listed again while a key in it is left',
    'lists: startAfter within what is folded leaves that prefix out',
    (whole) => ({
      async *list({ startAfter = '', ...options } = {}) {
        const cut = startAfter.slice(0, startAfter.indexOf('/') + 1)
        for await (const entry of whole.list({ ...options })) {
          if (compareKeys(nameOf(entry), startAfter) > 0) yield entry
          else if (entry.kind === 'prefix' && entry.prefix === cut) yield entry
        }
      },
    }),
  ],
  [
    'abort takes a token of another key',
    'multipart: a token with another key ends nothing',
    (whole) => byIdAlone(whole, ({ abort }) => ({ abort })),
  ],
  [
    'complete takes a token of another key',
    'multipart: a token with another key ends nothing',
    (whole) => byIdAlone(whole, ({ complete }) => ({ complete })),
  ],
  [
    'putPart takes a token of another key',
    'multipart: a token with another key puts no part',
    (whole) => byIdAlone(whole, ({ putPart }) => ({ putPart })),
  ],
  [
    'listMultipart ends after 1,000',
    'multipart: more than 1,000 open uploads are listed, also while they are aborted',
    (whole) => ({
      async *listMultipart(prefix, options) {
        let count = 0
        for await (const upload of whole.listMultipart(prefix, options)) {
          if (++count > 1000) return
          yield upload
        }
      },
    }),
  ],
  [
    'listMultipart counts its way to the second page, which moves when uploads are aborted',
    'multipart: more than 1,000 open uploads are listed, also while they are aborted',
    (whole) => ({
      async *listMultipart(prefix, options) {
        for (let skipped = 0; ; skipped += 1000) {
          const open = await Array.fromAsync(whole.listMultipart(prefix, options))
          yield* open.slice(skipped, skipped + 1000)
          if (open.length <= skipped + 1000) return
        }
      },
    }),
  ],
  [
    'initiated is the epoch',
    'multipart: open uploads are listed by prefix, while they are open',
    (whole) => ({
      async *listMultipart(prefix, options) {
        for await (const upload of whole.listMultipart(prefix, options)) {
          yield { ...upload, initiated: new Date(0) }
        }
      },
    }),
  ],
  [
    'lastModified of head is the epoch',
    'objects: put, then get, head and list agree',
    (whole) => ({
      async head(key, options) {
        const info = await whole.head(key, options)
        return info && { ...info, lastModified: new Date(0) }
      },
    }),
  ],
  [
    'lastModified in a listing is the epoch',
    'objects: put, then get, head and list agree',
    (whole) => ({
      async *list(options) {
        for await (const entry of whole.list(options)) {
          yield entry.kind === 'prefix' ? entry : { ...entry, lastModified: new Date(0) }
        }
      },
    }),
  ],
  [
    'a copy onto itself empties the object',
    'copies: onto itself is refused',
    (whole) => ({
      copy: (from, to, options) =>
        from === to ? whole.put(to, new Uint8Array(0)) : whole.copy(from, to, options),
    }),
  ],
  [
    'compose ignores conditions',
    'copies: conditions on what is composed are honoured or refused',
    (whole) => ({
      compose: (sources, to, { ifMatch, ifNoneMatch, ...options } = {}) =>
        whole.compose(sources, to, options),
    }),
  ],
  [
    'complete with ifMatch creates an absent key',
    'multipart: ifMatch does not complete where nothing is',
    (whole) =>
      uploads(whole, ({ key, complete }) => ({
        complete: async (parts, options) =>
          (await whole.head(key)) ? complete(parts, options) : complete(parts),
      })),
  ],
  [
    'a refused completion loses the upload',
    'multipart: a refused completion leaves the upload open',
    (whole) =>
      uploads(whole, ({ complete, abort }) => ({
        async complete(parts, options) {
          try {
            return await complete(parts, options)
          } catch (error) {
            if (isSluiceError(error, 'precondition-failed')) await abort()
            throw error
          }
        },
      })),
  ],
  [
    'a put with both conditions minds one',
    'conditions: both at once are refused',
    (whole) => ({
      put: (key, body, { ifMatch, ...options } = {}) =>
        whole.put(key, body, options.ifNoneMatch ? options : { ...options, ifMatch }),
    }),
  ],
  [
    'a key that is named twice is deleted twice',
    'deletes: a key that is named twice counts once',
    (whole) => ({
      async delete(keys, options) {
        const all = typeof keys === 'string' ? [keys] : [...keys]
        return { ...(await whole.delete(all, options)), deleted: all.length }
      },
    }),
  ],
  [
    'a metadata name of the store’s own is dropped',
    'headers: a metadata name may be one that the store uses itself',
    (whole) => ({
      async head(key, options) {
        const info = await whole.head(key, options)
        const { 'sluice-write': _, ...metadata } = info?.metadata ?? {}
        return info && { ...info, metadata }
      },
    }),
  ],
  [
    'a header is trimmed',
    'headers: what no header can carry is refused before anything is written',
    (whole) => ({
      put: (key, body, { contentType, ...options } = {}) =>
        whole.put(key, body, { ...options, contentType: contentType?.trim() }),
    }),
  ],
]

const whole = () =>
  memoryStore({ capabilities: { multipart: { minPartBytes: 1000 } } }) as Required<Store>

test.each(MUTANTS)('the store suite tells that %s', async (_, caseName, mutate) => {
  const create = async () => {
    const store = whole()
    return { store: { ...store, ...mutate(store) } }
  }
  const telling = storeSuite({ create }).find(({ name }) => name === caseName)
  await expect(telling?.run()).rejects.toThrow(Error)
})

test('and passes the store that none of them has broken', async () => {
  const telling = new Set(MUTANTS.map(([, caseName]) => caseName))
  const cases = storeSuite({ create: async () => ({ store: whole() }) })
  for (const { name, run } of cases) if (telling.delete(name)) await run()
  expect(telling).toEqual(new Set())
})
