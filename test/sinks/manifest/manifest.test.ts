import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { readManifest } from '../../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { file, keysOf, open } from './tools.ts'

const read = (store: ReturnType<typeof memoryStore>) => readManifest({ store, stream: 's' })
const entry = (number: number): string => `s/_log/${String(number).padStart(20, '0')}.json`

describe('a manifest', () => {
  test('of nobody is empty', async () => {
    expect(await read(memoryStore())).toEqual({
      stream: 's',
      version: 0,
      files: [],
      lanes: [],
      removed: [],
    })
  })

  test('names the files of each commit, all at once, for every reader and every later writer', async () => {
    const store = memoryStore()
    const a = await open(store)
    const dead = { stream: 's', partition: '_rejected', shard: 'a', schema: 'rejected' }
    await a.commit({ files: [file('a', 0, 5), file('a', 0, 2, { id: 'd', key: 'd', lane: dead })] })
    await a.commit({ files: [file('a', 5, 9)] })
    const manifest = await read(store)
    expect(manifest.version).toBe(3)
    expect(manifest.files).toEqual([
      file('a', 0, 2, { id: 'd', key: 'd', lane: dead }),
      file('a', 0, 5),
      file('a', 5, 9),
    ])
    expect(manifest.lanes.map(({ lane, added }) => [lane.partition, added])).toEqual([
      ['', [[0, 9]]],
      ['_rejected', [[0, 2]]],
    ])
    const b = await open(store, 'b')
    expect(b.has(file('a', 5, 9))).toBe(true)
    expect(b.has(file('a', 9, 10))).toBe(false)
    expect(b.manifest.files).toEqual(manifest.files)
  })

  test('a run that is committed again, and more of it, keeps what its files were compacted into', async () => {
    const store = memoryStore()
    const files = [file('a', 0, 5), file('a', 5, 9)]
    await (await open(store)).commit({ files, run: 'r' })
    const compacted = file('a', 0, 9, { id: 'c', key: 's/c', reason: 'compact', run: 'r' })
    const remove = files.map(({ key }) => key)
    await (await open(store, 'c')).commit({ files: [compacted], remove })
    const again = await open(store)
    await again.commit({ files: [...files, file('a', 9, 12)], run: 'r' })
    expect((await read(store)).files.map(({ id }) => id)).toEqual(['a:9-12', 'c'])
    // What a later run does not publish goes.
    await again.commit({ files: [file('a', 12, 13)], run: 'r' })
    expect((await read(store)).files.map(({ id }) => id)).toEqual(['a:12-13'])
  })

  test('skips what it has, however often it is committed', async () => {
    const store = memoryStore()
    const a = await open(store)
    await a.commit({ files: [file('a', 0, 5)] })
    await a.commit({ files: [file('a', 0, 5)] })
    const later = await open(store)
    await later.commit({ files: [file('a', 0, 5), file('a', 5, 6)] })
    const manifest = await read(store)
    expect(manifest.files).toHaveLength(2)
    expect(manifest.version).toBe(4)
  })

  test('refuses records that another file has published', async () => {
    const store = memoryStore()
    const a = await open(store)
    await a.commit({ files: [file('a', 0, 5)] })
    const other = file('a', 3, 8, { id: 'other', key: 'other' })
    await expect(a.commit({ files: [other] })).rejects.toMatchObject({
      code: 'fenced',
      key: 'other',
    })
    // Also when the first one is not named any more.
    await a.commit({ files: [], remove: [file('a', 0, 5).key] })
    await expect(a.commit({ files: [other] })).rejects.toMatchObject({ code: 'fenced' })
    // The old object may still be there under its key.
    const sameKey = file('b', 0, 5, { key: file('a', 0, 5).key })
    await expect(a.commit({ files: [sameKey] })).rejects.toMatchObject({ code: 'fenced' })
    await expect(a.commit({ files: [file('b', 0, 5), file('b', 4, 6)] })).rejects.toMatchObject({
      code: 'invalid-options',
    })
    expect((await read(store)).files).toEqual([])
  })

  test('removes, remembers what it removed, and takes a replay of it for what it is', async () => {
    const store = memoryStore()
    const a = await open(store)
    await a.commit({ files: [file('a', 0, 5)] })
    await a.commit({ files: [], remove: [file('a', 0, 5).key, 'unknown'] })
    await a.commit({ files: [], remove: [file('a', 0, 5).key] })
    await a.commit({ files: [file('a', 0, 5)] })
    expect(await read(store)).toMatchObject({
      version: 3,
      files: [],
      lanes: [{ added: [[0, 5]] }],
      removed: [{ key: file('a', 0, 5).key, id: 'a:0-5', version: 3 }],
    })
  })

  test("replaces a run's files by those of its next execution, and no others", async () => {
    const store = memoryStore()
    const a = await open(store)
    await a.commit({ files: [file('a', 0, 5)] })
    await a.commit({ files: [file('x', 0, 3), file('x', 3, 4)], run: 'r1' })
    await a.commit({ files: [file('y', 0, 1)], run: 'r2' })
    const again = { files: [file('z', 0, 2)], run: 'r1' }
    await a.commit(again)
    await a.commit(again)
    const { files, version } = await read(store)
    expect(files.map(({ id, run }) => [id, run])).toEqual([
      ['a:0-5', undefined],
      ['y:0-1', 'r2'],
      ['z:0-2', 'r1'],
    ])
    expect(version).toBe(5)
    // What comes late, of a process that did not hear, brings nothing back.
    await a.commit({ files: [file('x', 0, 3), file('x', 3, 4)], run: 'r1' })
    await a.commit({ files: [file('z', 0, 2), file('z', 2, 3)], run: 'r1' })
    expect((await read(store)).files.map(({ id }) => id)).toEqual([
      'a:0-5',
      'y:0-1',
      'z:0-2',
      'z:2-3',
    ])
    // One that brings nothing is a run as well.
    await a.commit({ files: [], run: 'r1' })
    expect((await read(store)).files.map(({ id }) => id)).toEqual(['a:0-5', 'y:0-1'])
  })

  test('lets one file stand for others with exactly their records, while they are named', async () => {
    const store = memoryStore()
    const a = await open(store)
    const [first, second] = [file('a', 0, 5), file('a', 5, 9)]
    await a.commit({ files: [first, second] })
    const whole = file('a', 0, 9, { reason: 'compact' })
    const remove = [first.key, second.key]
    await expect(
      a.commit({ files: [file('a', 0, 8, { reason: 'compact' })], remove }),
    ).rejects.toMatchObject({ code: 'fenced' })
    await a.commit({ files: [whole], remove })
    await a.commit({ files: [whole], remove })
    const other = file('a', 0, 9, { id: 'other', key: 'other', reason: 'compact' })
    await expect(a.commit({ files: [other], remove })).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
    })
    expect((await read(store)).files).toEqual([whole])
    // What it stands for was published.
    expect(a.has(second)).toBe(true)
    expect(a.has(file('a', 2, 7, { id: 'unknown' }))).toBe(true)
  })
})

test('a writer is fenced by the next one of its name, and by no other', async () => {
  const store = memoryStore()
  const old = await open(store, 'a')
  const other = await open(store, 'b')
  const young = await open(store, 'a')
  await expect(old.commit({ files: [file('a', 0, 1)] })).rejects.toMatchObject({
    code: 'fenced',
    key: undefined,
  })
  await young.commit({ files: [file('a', 0, 1)] })
  await other.commit({ files: [file('b', 0, 1)] })
  await expect(old.commit({ files: [file('a', 1, 2)] })).rejects.toMatchObject({ code: 'fenced' })
  expect((await read(store)).files).toHaveLength(2)
})

describe('a lost answer', () => {
  test.each(['network', 'conflict', 'unavailable', 'protocol'] as const)(
    'to a write that was done (%s) is found in the log',
    async (code) => {
      const store = memoryStore()
      let lose = 0
      const losing = {
        ...store,
        put: async (...args: Parameters<typeof store.put>) => {
          const result = await store.put(...args)
          if (lose-- > 0) throw new SluiceError(code, 'lost')
          return result
        },
      }
      lose = 1
      const a = await open(losing)
      lose = 1
      await a.commit({ files: [file('a', 0, 1)] })
      expect(await read(store)).toMatchObject({ version: 2, files: [{ id: 'a:0-1' }] })
    },
  )

  test('to a write that was not done is a second write, and in the end the error', async () => {
    const store = memoryStore()
    let fail = 0
    const failing = {
      ...store,
      put: async (...args: Parameters<typeof store.put>) => {
        if (fail-- > 0) throw new SluiceError('conflict', 'two writers met')
        return store.put(...args)
      },
    }
    const a = await open(failing)
    fail = 2
    await a.commit({ files: [file('a', 0, 1)] })
    fail = 100
    await expect(a.commit({ files: [file('a', 1, 2)] })).rejects.toMatchObject({ code: 'conflict' })
    fail = 0
    await a.commit({ files: [file('a', 1, 2)] })
    expect(await read(store)).toMatchObject({ version: 3, lanes: [{ added: [[0, 2]] }] })
  })
})

test('every hundredth entry leaves a checkpoint, and reading begins there', async () => {
  const store = memoryStore()
  const a = await open(store)
  for (let i = 0; i < 205; i++) {
    await a.commit({ files: [file('a', i, i + 1)], remove: [] })
    if (i % 50 === 49) await a.commit({ files: [], remove: [file('a', i, i + 1).key] })
  }
  const checkpoints = await keysOf(store, 's/_log/checkpoints/')
  expect(checkpoints).toHaveLength(2)
  const whole = await read(store)
  expect(whole).toMatchObject({ version: 210, lanes: [{ added: [[0, 205]] }] })
  expect(whole.files).toHaveLength(201)
  expect(whole.removed).toHaveLength(4)
  // The entries before the newest are not read; without it, those before the older one are not.
  await store.delete(entry(150))
  expect(await read(store)).toEqual(whole)
  await store.delete(checkpoints[0] as string)
  await expect(read(store)).rejects.toMatchObject({ code: 'protocol', key: entry(150) })
  // A writer that begins at a checkpoint knows the writers before it.
  await expect(open(store)).rejects.toMatchObject({ code: 'protocol' })
})

test('a writer that begins at a checkpoint fences those before it', async () => {
  const store = memoryStore()
  const a = await open(store, 'a')
  const b = await open(store, 'b')
  for (let i = 0; i < 100; i++) await b.commit({ files: [file('b', i, i + 1)] })
  expect(await keysOf(store, 's/_log/checkpoints/')).toHaveLength(1)
  const young = await open(store, 'a')
  await young.commit({ files: [file('a', 0, 1)] })
  await expect(a.commit({ files: [file('a', 1, 2)] })).rejects.toMatchObject({ code: 'fenced' })
})

describe('refused by name', () => {
  test('a store without conditional writes', async () => {
    const store = memoryStore({ capabilities: { conditionalPut: false } })
    await expect(open(store)).rejects.toMatchObject({ code: 'not-supported' })
  })

  test.each(['', 'a/b', '..', 'x y'])('the stream "%s"', async (stream) => {
    const call = readManifest({ store: memoryStore(), stream })
    await expect(call).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test.each(['', 'x'.repeat(201)])('a writer of no length, or too much (%#)', async (writer) => {
    await expect(open(memoryStore(), writer)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  const good = {
    version: 1,
    number: 1,
    id: 'i',
    writer: 'w',
    epoch: 1,
    add: [],
    remove: [],
    forget: [],
  }
  const added = { ...file('a', 0, 1), partition: '', shard: 'a', schema: 'auto' }
  test.each([
    ['protocol', 'not JSON'],
    ['protocol', '[]'],
    ['protocol', '{}'],
    ['protocol', JSON.stringify({ ...good, version: '1' })],
    ['protocol', JSON.stringify({ ...good, number: 2 })],
    ['protocol', JSON.stringify({ ...good, add: [{}] })],
    ['protocol', JSON.stringify({ ...good, add: [{ ...added, end: 0 }] })],
    ['protocol', JSON.stringify({ ...good, add: [{ ...added, begin: -1 }] })],
    ['protocol', JSON.stringify({ ...good, remove: [1] })],
    ['protocol', JSON.stringify({ ...good, epoch: 1.5 })],
    ['protocol', `${'['.repeat(1_000_000)}`],
    ['not-supported', JSON.stringify({ ...good, version: 2 })],
    ['too-large', `"${'x'.repeat(16 * 1024 * 1024)}"`],
  ] as const)('an entry that is none (%s, %#)', async (code, text) => {
    const store = memoryStore()
    await store.put(entry(1), utf8(text))
    await expect(read(store)).rejects.toMatchObject({ code, key: entry(1) })
    await expect(open(store)).rejects.toMatchObject({ code })
  })

  test('an entry that is not where the numbers say', async () => {
    const store = memoryStore()
    await store.put(entry(5), utf8('{}'))
    await expect(read(store)).rejects.toMatchObject({ code: 'protocol', key: entry(1) })
  })

  test('a checkpoint that is none', async () => {
    const store = memoryStore()
    await store.put(`s/_log/checkpoints/${'1'.repeat(20)}.json`, utf8('{"version":1}'))
    await expect(read(store)).rejects.toMatchObject({ code: 'protocol' })
  })

  test('more files than an entry holds', async () => {
    const store = memoryStore()
    const a = await open(store)
    const run = 'r'.repeat(100_000)
    const files = Array.from({ length: 200 }, (_, i) => file('a', i, i + 1))
    await expect(a.commit({ files, run })).rejects.toMatchObject({ code: 'too-large' })
    await a.commit({ files })
    expect((await read(store)).files).toHaveLength(200)
  })
})
