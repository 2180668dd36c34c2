import { describe, expect, test } from 'vitest'
import type { Bytes, Store } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { SluiceError } from '../../src/core/errors.ts'
import {
  copy,
  exists,
  list,
  listAll,
  move,
  openLines,
  openWriter,
  remove,
} from '../../src/files/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'

const HEADERS = { contentType: 'text/csv', cacheControl: 'no-store', metadata: { who: 'Zoë' } }

async function storeOf(...keys: readonly string[]): Promise<Store> {
  const store = memoryStore()
  for (const key of keys) await store.put(key, utf8(key))
  return store
}

async function names(
  store: Store,
  ...rest: [string?, { recursive?: boolean }?]
): Promise<string[]> {
  const entries = await listAll(store, ...rest)
  return entries.map((entry) => (entry.kind === 'prefix' ? entry.prefix : entry.key))
}

async function textOf(store: Store, key: string): Promise<string | undefined> {
  return (await store.get(key))?.text()
}

describe('exists', () => {
  test('files and folders do, parts of names do not', async () => {
    const store = await storeOf('a/b/c', 'd/')
    for (const path of ['a/b/c', 'a/b', 'a/b/', 'a', 'd', 'd/', '']) {
      expect(await exists(store, path), path).toBe(true)
    }
    for (const path of ['x', 'a/b/c/', 'a/bc', 'b', 'd/e']) {
      expect(await exists(store, path), path).toBe(false)
    }
    expect(await exists(memoryStore(), '')).toBe(false)
  })

  test('refuses what is no key', async () => {
    await expect(exists(memoryStore(), 'a/../b')).rejects.toMatchObject({ code: 'invalid-key' })
  })
})

describe('list', () => {
  test('a folder’s own files and folders, or everything below', async () => {
    const store = await storeOf('a', 'a/b', 'a/c/d', 'a/c/e', 'ab', 'z')
    expect(await names(store)).toEqual(['a', 'a/', 'ab', 'z'])
    expect(await names(store, 'a')).toEqual(['a/b', 'a/c/'])
    expect(await names(store, 'a/')).toEqual(['a/b', 'a/c/'])
    expect(await names(store, 'a', { recursive: true })).toEqual(['a/b', 'a/c/d', 'a/c/e'])
    expect(await names(store, 'nothing')).toEqual([])
  })

  test('leaves the mark of a folder out', async () => {
    const store = await storeOf('a/', 'a/b')
    expect(await names(store, 'a')).toEqual(['a/b'])
    expect(await names(store, 'a', { recursive: true })).toEqual(['a/b'])
  })

  test('is lazy, and can be left', async () => {
    const store = await storeOf('a', 'b')
    for await (const entry of list(store)) {
      expect(entry).toMatchObject({ kind: 'object', key: 'a', sizeBytes: 1 })
      break
    }
  })
})

/** The same three on a store that copies and on one that does not. */
describe.each([
  ['on the server', true],
  ['through this process', false],
])('copy and move %s', (_, onServer) => {
  const limits = { minPartBytes: 1000 }
  const create = (): Store => memoryStore({ capabilities: { copy: onServer, multipart: limits } })

  test('copy takes bytes, headers and metadata', async () => {
    const store = create()
    await store.put('from', utf8('text'), HEADERS)
    const { etag } = await copy(store, 'from', 'to')
    expect(await textOf(store, 'to')).toBe('text')
    expect(await store.head('to')).toMatchObject({ ...HEADERS, etag })
    expect(await textOf(store, 'from')).toBe('text')
  })

  test('copy of a large object', async () => {
    const store = create()
    const bytes = new Uint8Array(20 * 1024 * 1024).map((_, i) => i * 7 + (i >> 8)) as Bytes
    await store.put('from', bytes)
    await copy(store, 'from', 'to')
    expect(Buffer.compare((await (await store.get('to'))?.bytes()) as Bytes, bytes)).toBe(0)
  })

  test('copy of what is not there', async () => {
    const store = create()
    await store.put('to', utf8('stays'))
    await expect(copy(store, 'from', 'to')).rejects.toMatchObject({
      code: 'not-found',
      key: 'from',
    })
    await expect(move(store, 'from', 'to')).rejects.toMatchObject({ code: 'not-found' })
    expect(await textOf(store, 'to')).toBe('stays')
  })

  test('copy of an object onto itself is refused, and leaves it as it is', async () => {
    const store = create()
    await store.put('from', utf8('text'))
    const call = copy(store, 'from', 'from')
    await expect(call).rejects.toMatchObject({ code: 'invalid-options', key: 'from' })
    expect(await textOf(store, 'from')).toBe('text')
  })

  test('copy under a condition', async () => {
    const store = create()
    await store.put('from', utf8('text'))
    await copy(store, 'from', 'to', { ifNoneMatch: '*' })
    await expect(copy(store, 'from', 'to', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    })
    await expect(move(store, 'from', 'to', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    })
    expect(await exists(store, 'from')).toBe(true)
  })

  test('move leaves one', async () => {
    const store = create()
    await store.put('from', utf8('text'), HEADERS)
    await move(store, 'from', 'to')
    expect(await exists(store, 'from')).toBe(false)
    expect(await textOf(store, 'to')).toBe('text')
    expect(await store.head('to')).toMatchObject(HEADERS)
  })

  test('move onto itself loses nothing', async () => {
    const store = create()
    const { etag } = await store.put('key', utf8('text'))
    expect(await move(store, 'key', 'key')).toEqual({ etag })
    expect(await textOf(store, 'key')).toBe('text')
    await expect(move(store, 'x', 'x')).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('remove', () => {
  test('one object, and with recursive its folder', async () => {
    const keys = ['a', 'a/b', 'a/c/d', 'ab', 'a.b']
    const one = await storeOf(...keys)
    expect(await remove(one, 'a')).toBe(1)
    expect(await names(one, '', { recursive: true })).toEqual(['a.b', 'a/b', 'a/c/d', 'ab'])
    const all = await storeOf(...keys)
    expect(await remove(all, 'a', { recursive: true })).toBe(3)
    expect(await names(all, '', { recursive: true })).toEqual(['a.b', 'ab'])
  })

  test('more than one batch', async () => {
    const store = await storeOf(...Array.from({ length: 2100 }, (_, i) => `many/${i}`), 'stays')
    await remove(store, 'many/', { recursive: true })
    expect(await names(store)).toEqual(['stays'])
  })

  test('never the whole store by an empty name', async () => {
    const store = await storeOf('a')
    await expect(remove(store, '', { recursive: true })).rejects.toMatchObject({
      code: 'invalid-key',
    })
    expect(await names(store)).toEqual(['a'])
  })

  test('rejects when a deletion failed', async () => {
    const store = await storeOf('a')
    const error = new Error('locked')
    const locked: Store = {
      ...store,
      delete: async () => ({ deleted: 0, failed: [{ key: 'a', error }] }),
    }
    await expect(remove(locked, 'a')).rejects.toBe(error)
  })

  test('goes on where keys cannot be deleted, and says which', async () => {
    const store = await storeOf(...Array.from({ length: 2100 }, (_, i) => `many/${i}`))
    const denied = new SluiceError('permission-denied', 'locked')
    const locked: Store = {
      ...store,
      async delete(keys, options) {
        const all = typeof keys === 'string' ? [keys] : [...keys]
        const failed = all.filter((key) => /00$/.test(key)).map((key) => ({ key, error: denied }))
        const { deleted } = await store.delete(
          all.filter((key) => !/00$/.test(key)),
          options,
        )
        return { deleted, failed }
      },
    }
    const removed = remove(locked, 'many/', { recursive: true })
    await expect(removed).rejects.toMatchObject({
      code: 'permission-denied',
      key: 'many/100',
      message: expect.stringMatching(
        /^20 keys could not be deleted, among them ("many\/\d+00", ){9}"many\/\d+00"$/,
      ),
      cause: denied,
    })
    expect(await names(store, 'many')).toHaveLength(20)
  })
})

describe('openWriter', () => {
  test('text and bytes, visible at the end', async () => {
    const store = memoryStore()
    const writer = openWriter(store, 'key', HEADERS)
    await writer.write('Größe\n')
    await writer.write(utf8('two'))
    expect(await exists(store, 'key')).toBe(false)
    expect(await writer.close()).toMatchObject({ key: 'key', bytes: 11 })
    expect(await textOf(store, 'key')).toBe('Größe\ntwo')
    expect(await store.head('key')).toMatchObject(HEADERS)
  })

  test('a scope that is left without close() writes nothing', async () => {
    const store = memoryStore()
    await expect(
      (async () => {
        await using writer = openWriter(store, 'key')
        await writer.write('half')
        throw new Error('from the block')
      })(),
    ).rejects.toThrow('from the block')
    expect(await names(store)).toEqual([])
  })
})

describe('openLines', () => {
  test('lines without their ends', async () => {
    const store = memoryStore()
    await store.put('key', utf8('one\r\n\nGröße 😀\nlast'))
    await using lines = await openLines(store, 'key')
    const read: string[] = []
    for await (const line of lines) read.push(line)
    expect(read).toEqual(['one', '', 'Größe 😀', 'last'])
  })

  test('an absent file, a line too long, bytes that are no text', async () => {
    const store = memoryStore()
    await expect(openLines(store, 'key')).rejects.toMatchObject({ code: 'not-found', key: 'key' })
    await store.put('key', utf8('0123456789'))
    const long = await openLines(store, 'key', { maxLineBytes: 9 })
    await expect(long.next()).rejects.toMatchObject({ code: 'too-large' })
    await store.put('key', new Uint8Array([0xff, 0x0a]))
    const broken = await openLines(store, 'key')
    await expect(broken.next()).rejects.toMatchObject({ code: 'invalid-record' })
  })

  test.each(['unread', 'half read', 'left'])('lets the body go: %s', async (how) => {
    const base = memoryStore()
    await base.put('key', utf8('line\n'.repeat(100_000)))
    let cancelled = 0
    const store: Store = {
      ...base,
      async get(key, options) {
        const found = await base.get(key, options)
        if (!found) return undefined
        const reader = found.body.getReader()
        const body = new ReadableStream<Bytes>({
          async pull(controller) {
            const { value } = await reader.read()
            if (value) controller.enqueue(value)
          },
          cancel() {
            cancelled++
          },
        })
        return { ...found, body }
      },
    }
    {
      await using lines = await openLines(store, 'key')
      if (how === 'half read') expect(await lines.next()).toMatchObject({ value: 'line' })
      if (how === 'left') for await (const _ of lines) break
    }
    expect(cancelled).toBe(1)
  })

  test('is closed while it waits for a line', async () => {
    const base = memoryStore()
    await base.put('key', utf8('line\n'))
    let cancelled = 0
    const store: Store = {
      ...base,
      async get(key, options) {
        const found = await base.get(key, options)
        const body = new ReadableStream<Bytes>({
          cancel() {
            cancelled++
          },
        })
        return found && { ...found, body }
      },
    }
    const lines = await openLines(store, 'key')
    const waiting = lines.next()
    await lines.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(cancelled).toBe(1)
  })
})

test('copy lets go of what it reads when it cannot write', async () => {
  const store = memoryStore({ capabilities: { copy: false } })
  await store.put('from', utf8('text'))
  let body: ReadableStream<Bytes> | undefined
  const seen: Store = {
    ...store,
    async get(key, options) {
      const found = await store.get(key, options)
      body = found?.body
      return found
    },
  }
  await expect(copy(seen, 'from', 'b/../c')).rejects.toMatchObject({ code: 'invalid-key' })
  expect(await body?.getReader().read()).toEqual({ done: true, value: undefined })
})
