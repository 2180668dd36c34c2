import { execFile } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { fsStore as nodeFsStore } from '../../../src/node/fs-store.ts'
import { fsStore } from '../../../src/stores/fs.ts'

let root: string
let store: Store

beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'sluice-fs-'))
  store = fsStore(root, { fs })
})
afterEach(() => fs.rm(root, { recursive: true, force: true }))

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>
}

async function keys(): Promise<string[]> {
  const found: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') found.push(entry.key)
  return found
}

/** Files of the store's own folder, apart from folders. */
async function privateFiles(): Promise<string[]> {
  const entries = await fs.readdir(join(root, '.sluice'), { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('fsStore: what lies in the folder', () => {
  test('a plain key is a plain path', async () => {
    await store.put('flights/country=DE/part-1.parquet', bytes('one'))
    expect(await fs.readFile(join(root, 'flights/country=DE/part-1.parquet'), 'utf8')).toBe('one')
    expect(await fs.readdir(root)).toEqual(expect.arrayContaining(['.sluice', 'flights']))
  })

  test('a key beside keys below it, in either order', async () => {
    await store.put('a', bytes('file'))
    await store.put('a/b', bytes('below'))
    await store.put('c/d', bytes('below'))
    await store.put('c', bytes('file'))
    expect(await fs.readFile(join(root, 'a'), 'utf8')).toBe('file')
    expect(await fs.readFile(join(root, 'a%/b'), 'utf8')).toBe('below')
    expect(await fs.readFile(join(root, 'c/d'), 'utf8')).toBe('below')
    expect(await fs.readFile(join(root, 'c%'), 'utf8')).toBe('file')
    // The name that was taken has become free: the other one is kept to.
    await store.delete(['a', 'c/d'])
    await store.put('a/e', bytes('below'))
    await store.put('c', bytes('again'))
    expect(await keys()).toEqual(['a/b', 'a/e', 'c'])
    expect(await (await store.get('c'))?.text()).toBe('again')
  })

  test('files that something else put there are objects', async () => {
    await fs.mkdir(join(root, 'v1.2'))
    await fs.writeFile(join(root, 'v1.2', 'LICENSE'), 'text')
    expect(await keys()).toEqual(['v1.2/LICENSE'])
    const found = await store.get('v1.2/LICENSE')
    expect(await found?.text()).toBe('text')
    expect(found?.metadata).toBeUndefined()
    const etag = found?.etag
    await expect(store.put('v1.2/LICENSE', bytes('x'), { ifNoneMatch: '*' })).rejects.toMatchObject(
      { code: 'precondition-failed' },
    )
    await store.put('v1.2/LICENSE', bytes('mine'), { ifMatch: etag, metadata: { a: '1' } })
    expect(await fs.readFile(join(root, 'v1.2', 'LICENSE'), 'utf8')).toBe('mine')
  })

  test('a file that something else changed has another ETag and no headers', async () => {
    const { etag } = await store.put('key', bytes('mine'), { metadata: { a: '1' } })
    await fs.writeFile(join(root, 'key'), 'theirs')
    const head = await store.head('key')
    expect(head?.etag).not.toBe(etag)
    expect(head?.metadata).toBeUndefined()
    expect(await (await store.get('key'))?.text()).toBe('theirs')
  })

  test('headers go with a copy of the folder that keeps times', async () => {
    await store.put('a/b', bytes('x'), { contentType: 'text/csv', metadata: { a: 'ü' } })
    const target = `${root}-copy`
    try {
      await promisify(execFile)('cp', ['-a', root, target])
      const head = await fsStore(target, { fs }).head('a/b')
      expect(head).toMatchObject({ contentType: 'text/csv', metadata: { a: 'ü' } })
    } finally {
      await fs.rm(target, { recursive: true })
    }
  })

  test('names that no key has are not listed', async () => {
    await fs.writeFile(join(root, '100%.csv'), 'x')
    await fs.writeFile(join(root, 'line\nbreak'), 'x')
    await fs.writeFile(join(root, 'back\\slash'), 'x')
    await store.put('key', bytes('x'))
    expect(await keys()).toEqual(['key'])
  })

  test('symbolic links are not followed, neither to files nor to folders', async () => {
    const outside = await fs.mkdtemp(join(tmpdir(), 'sluice-outside-'))
    try {
      await fs.writeFile(join(outside, 'secret'), 'secret')
      await fs.symlink(join(outside, 'secret'), join(root, 'file'))
      await fs.symlink(outside, join(root, 'folder'))
      expect(await keys()).toEqual([])
      expect(await store.get('file')).toBeUndefined()
      expect(await store.get('folder/secret')).toBeUndefined()
      await store.put('file', bytes('mine'), { ifNoneMatch: '*' })
      await store.put('folder/new', bytes('mine'))
      await store.delete(['folder/secret', 'file'])
      expect(await fs.readdir(outside)).toEqual(['secret'])
      expect(await fs.readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
      expect(await keys()).toEqual(['folder/new'])
    } finally {
      await fs.rm(outside, { recursive: true })
    }
  })

  test('a link in the place of a piece of a long name is not followed either', async () => {
    const outside = await fs.mkdtemp(join(tmpdir(), 'sluice-outside-'))
    try {
      await fs.writeFile(join(outside, '+rest'), 'secret')
      await fs.symlink(outside, join(root, `${'x'.repeat(250)}%~`))
      expect(await store.get(`${'x'.repeat(250)}rest`)).toBeUndefined()
      expect(await keys()).toEqual([])
    } finally {
      await fs.rm(outside, { recursive: true })
    }
  })

  test('an empty folder is no prefix', async () => {
    await fs.mkdir(join(root, 'empty/deep'), { recursive: true })
    await store.put('full/key', bytes('x'))
    const found: string[] = []
    for await (const entry of store.list({ delimiter: '/' })) {
      if (entry.kind === 'prefix') found.push(entry.prefix)
    }
    expect(found).toEqual(['full/'])
  })

  test('a hostile token names nothing outside', async () => {
    await store.put('key', bytes('x'))
    await store.put('upload.json', bytes('{"key":"key","headers":{},"initiatedMs":0}'))
    await store.createMultipart?.('open')
    for (const uploadId of ['../../key', '../..', '..', '', 'a/b']) {
      const upload = store.resumeMultipart?.({ key: 'key', uploadId })
      await upload?.abort()
      await expect(upload?.putPart(1, bytes('x'))).rejects.toMatchObject({ code: 'not-found' })
    }
    const upload = await store.createMultipart?.('other')
    const part = { partNumber: 1, etag: '../../../key', sizeBytes: 1 }
    await expect(upload?.complete([part])).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await keys()).toEqual(['key', 'upload.json'])
  })
})

describe('fsStore: a version is whole', () => {
  /** The store, where another writer replaces the object just before the first call of this verb. */
  function interrupted(verb: 'readFile' | 'open'): Store {
    const { readFile, open } = fs
    const real = { readFile, open }[verb] as (...rest: never[]) => unknown
    let done = false
    return fsStore(root, {
      fs: {
        ...fs,
        [verb]: async (...rest: never[]) => {
          if (!done) {
            done = true
            await store.put('key', bytes('second'), { metadata: { id: 'second' } })
          }
          return real(...rest)
        },
      } as typeof fs,
    })
  }

  test.each(['readFile', 'open'] as const)('also when it is replaced before %s', async (verb) => {
    await store.put('key', bytes('first'), { metadata: { id: 'first' } })
    const found = await interrupted(verb).get('key')
    expect(await found?.text()).toBe('second')
    expect(found?.metadata).toEqual({ id: 'second' })
    expect(found?.etag).toBe((await store.head('key'))?.etag)
  })

  test('also for head, when it is replaced before its headers are read', async () => {
    await store.put('key', bytes('first'), { metadata: { id: 'first' } })
    const head = await interrupted('readFile').head('key')
    expect(head).toMatchObject({ sizeBytes: 6, metadata: { id: 'second' } })
  })
})

describe('fsStore: nothing is left behind', () => {
  test('after deletes, no file and no folder', async () => {
    await store.put('a/b/c', bytes('x'), { metadata: { a: '1' } })
    await store.put('a/b/c', bytes('y'), { metadata: { a: '2' } })
    await store.put(`long/${'x'.repeat(600)}`, bytes('y'), { contentType: 'text/plain' })
    await store.delete(['a/b/c', `long/${'x'.repeat(600)}`])
    expect(await fs.readdir(root)).toEqual(['.sluice'])
    expect(await privateFiles()).toEqual([])
  })

  test('after refused and aborted writes, and after uploads', async () => {
    await store.put('key', bytes('x'))
    const headers = { metadata: { a: '1' } }
    await Promise.allSettled(
      [1, 2, 3, 4].map(() => store.put('new', bytes('y'), { ...headers, ifNoneMatch: '*' })),
    )
    await Promise.allSettled([
      store.put('key', bytes('y'), { ...headers, ifMatch: 'no' }),
      store.put('key', new Blob(['y']), { ...headers, signal: AbortSignal.abort() }),
    ])
    const upload = await store.createMultipart?.('up', headers)
    const part = await upload?.putPart(1, bytes('y'))
    await upload?.putPart(1, bytes('z'))
    if (part) await upload?.complete([part])
    await (await store.createMultipart?.('gone'))?.abort()
    // The headers of the two objects that have some.
    expect(await privateFiles()).toHaveLength(2)
    expect(await keys()).toEqual(['key', 'new', 'up'])
  })

  test('a refused conditional write keeps the winner’s metadata, also for equal bytes', async () => {
    await store.put('key', bytes('same'), { metadata: { id: 'winner' }, ifNoneMatch: '*' })
    const again = store.put('key', bytes('same'), { metadata: { id: 'loser' }, ifNoneMatch: '*' })
    await expect(again).rejects.toMatchObject({ code: 'precondition-failed' })
    expect((await store.head('key'))?.metadata).toEqual({ id: 'winner' })
  })
})

describe('fsStore: several processes', () => {
  // Each process tries every key under one condition and prints what it won.
  const SCRIPT = `
    import * as fs from 'node:fs/promises'
    import { fsStore } from ${JSON.stringify(new URL('../../../src/stores/fs.ts', import.meta.url).href)}
    const [root, me, mode] = process.argv.slice(1)
    const store = fsStore(root, { fs })
    const won = []
    for (let i = 0; i < 60; i++) {
      const key = 'k' + (i % 7) + '/n' + i
      const condition = mode === 'create' ? { ifNoneMatch: '*' } : { ifMatch: (await store.head(key)).etag }
      if (mode === 'replace' && (await store.head(key)).metadata.id !== 'start') continue
      try {
        await store.put(key, new TextEncoder().encode(me), { ...condition, metadata: { id: me } })
        won.push(key)
      } catch (error) {
        if (!['precondition-failed', 'conflict'].includes(error.code)) throw error
      }
    }
    console.log(JSON.stringify(won))
  `

  async function race(mode: 'create' | 'replace'): Promise<Map<string, string[]>> {
    const names = ['p1', 'p2', 'p3']
    const run = promisify(execFile)
    const outputs = await Promise.all(
      names.map((name) =>
        run(process.execPath, ['--input-type=module', '-e', SCRIPT, root, name, mode]),
      ),
    )
    const winners = new Map<string, string[]>()
    for (const [index, { stdout }] of outputs.entries()) {
      for (const key of JSON.parse(stdout) as string[]) {
        winners.set(key, [...(winners.get(key) ?? []), names[index] as string])
      }
    }
    return winners
  }

  async function checkWinners(winners: Map<string, string[]>): Promise<void> {
    for (const [key, [winner, ...others]] of winners) {
      expect(others, key).toEqual([])
      const found = await store.get(key)
      expect(await found?.text(), key).toBe(winner)
      expect(found?.metadata, key).toEqual({ id: winner })
    }
  }

  test('of those that create one key, one wins', async () => {
    const winners = await race('create')
    expect(winners.size).toBe(60)
    await checkWinners(winners)
  })

  test('of those that replace one version, one wins', async () => {
    for (let i = 0; i < 60; i++) {
      await store.put(`k${i % 7}/n${i}`, bytes('start'), { metadata: { id: 'start' } })
    }
    const winners = await race('replace')
    expect(winners.size).toBe(60)
    await checkWinners(winners)
  })

  test('the claim of a process that died goes stale', async () => {
    const { etag } = await store.put('key', bytes('x'))
    const dying = {
      ...fs,
      rename: async () => {
        throw new Error('SIGKILL')
      },
      unlink: async () => {},
    }
    await expect(
      fsStore(root, { fs: dying }).put('key', bytes('y'), { ifMatch: etag }),
    ).rejects.toThrow()
    await expect(store.put('key', bytes('z'), { ifMatch: etag })).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    })
    const [claim] = await fs.readdir(join(root, '.sluice/claims'))
    const longAgo = new Date(Date.now() - 60_000)
    await fs.utimes(join(root, '.sluice/claims', claim as string), longAgo, longAgo)
    await store.put('key', bytes('z'), { ifMatch: etag })
    expect(await fs.readdir(join(root, '.sluice/claims'))).toEqual([])
  })
})

describe('fsStore: the system’s errors', () => {
  test('a full disk leaves the object as it was', async () => {
    await store.put('key', bytes('before'), { metadata: { a: '1' } })
    const full = {
      ...fs,
      async open(path: string, flags: 'r' | 'wx') {
        const file = await fs.open(path, flags)
        file.write = async () => {
          throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
        }
        return file
      },
    }
    await expect(fsStore(root, { fs: full }).put('key', bytes('after'))).rejects.toMatchObject({
      code: 'unavailable',
      key: 'key',
    })
    expect(await (await store.get('key'))?.text()).toBe('before')
    expect(await privateFiles()).toHaveLength(1)
  })

  test('a folder that may not be written is permission-denied', async () => {
    const locked = {
      ...fs,
      rename: async () => {
        throw Object.assign(new Error('no'), { code: 'EACCES' })
      },
    }
    await expect(fsStore(root, { fs: locked }).put('key', bytes('x'))).rejects.toMatchObject({
      code: 'permission-denied',
    })
    expect(await privateFiles()).toEqual([])
  })

  test('the root may be a file: URL, or end in a slash', async () => {
    const roots = [pathToFileURL(`${root}/ü b%/`), join(root, 'ü b%'), `${join(root, 'ü b%')}//`]
    for (const [index, place] of roots.entries()) {
      await nodeFsStore(place).put(`key-${index}`, bytes('x'))
    }
    expect((await fs.readdir(join(root, 'ü b%'))).sort()).toEqual([
      '.sluice',
      'key-0',
      'key-1',
      'key-2',
    ])
  })

  test('a root that is not there is empty, and is made by the first put', async () => {
    store = fsStore(join(root, 'deep/er'), { fs })
    expect(await keys()).toEqual([])
    expect(await store.head('key')).toBeUndefined()
    await store.delete('key')
    await store.put('key', bytes('x'))
    expect(await keys()).toEqual(['key'])
  })
})
