import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { equalBytes } from '../../../src/core/bytes.ts'
import type { SluiceError } from '../../../src/core/errors.ts'
import {
  type ArchiveFile,
  append,
  lazyCombiner,
  lazyReader,
} from '../../../src/files/msglc/index.ts'
import { encodeMsglc } from '../../../src/formats/msglc/index.ts'
import { AWS_PROVIDER } from '../../../src/s3/provider.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { rejectionOf } from '../../formats/msglc/tools.ts'
import { gatewayFetch } from '../../stores/over-gateway.ts'
import { archiveOf } from './archive.ts'

const one = encodeMsglc({ list: ['x'.repeat(40), 2] }, { smallBytes: 2, trivialBytes: 2 })
const two = encodeMsglc([1, 2, 3], { codec: 'cbor' })

/** One that copies by itself, and one whose bytes pass through. */
const stores: [string, () => Store][] = [
  ['compose', () => memoryStore()],
  ['no compose', () => memoryStore({ capabilities: { compose: false } })],
]

async function bytesOf(store: Store, key: string): Promise<Uint8Array | undefined> {
  return (await store.get(key))?.bytes()
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
  return keys
}

describe.each(stores)('a store with %s', (_, create) => {
  test('combines files into a map or a list, as the format says it', async () => {
    const store = create()
    await store.put('one', one)
    const named = lazyCombiner(store, 'map')
    await Promise.all([
      named.write({ key: 'one', name: 'a' }),
      named.write({ bytes: two, name: 'b/c' }),
    ])
    const { bytes, etag } = await named.close()
    expect(await bytesOf(store, 'map')).toEqual(archiveOf({ a: one, 'b/c': two }, 'msgpack'))
    expect(await store.head('map')).toMatchObject({ etag, sizeBytes: bytes })
    const list = lazyCombiner(store, 'list', { codec: 'cbor' })
    await list.write({ key: 'map' })
    await list.write({ key: 'one' })
    await list.close()
    const reader = await lazyReader(store, 'list')
    expect(await reader.toObject()).toEqual([
      { a: { list: ['x'.repeat(40), 2] }, 'b/c': [1, 2, 3] },
      { list: ['x'.repeat(40), 2] },
    ])
    expect(await reader.read([0, 'b/c', -1])).toBe(3)
    expect(await (await (await reader.visit('0/a')).raw()).bytes()).toEqual(one)
    expect(await (await (await reader.visit([0, 'b/c'])).raw()).bytes()).toEqual(two)
    expect(await reader.length()).toBe(2)
    // What was only there for a moment is gone.
    expect(await keysOf(store)).toEqual(['list', 'map', 'one'])
  })

  test('appends, as if all had been combined at once', async () => {
    const store = create()
    for (const codec of ['msgpack', 'cbor'] as const) {
      const combiner = lazyCombiner(store, 'archive', { codec })
      await combiner.write({ bytes: one, name: 'a' })
      await combiner.close()
      await append(store, 'archive', [{ bytes: two, name: 'b' }])
      await append(store, 'archive', [
        { bytes: one, name: 'c' },
        { bytes: two, name: 'd' },
      ])
      const whole = archiveOf({ a: one, b: two, c: one, d: two }, codec)
      expect(await bytesOf(store, 'archive')).toEqual(whole)
    }
  })

  test('no append of two at once is lost', async () => {
    const store = create()
    await store.put('archive', archiveOf([one], 'msgpack'))
    let lost = 0
    const appendAgain = async (value: number): Promise<void> => {
      try {
        await append(store, 'archive', [{ bytes: encodeMsglc(value) }])
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/precondition-failed|conflict/)
        lost++
        await appendAgain(value)
      }
    }
    await Promise.all([1, 2, 3, 4].map(appendAgain))
    const [first, ...rest] = (await (await lazyReader(store, 'archive')).toObject()) as number[]
    expect(first).toEqual({ list: ['x'.repeat(40), 2] })
    expect(rest.sort()).toEqual([1, 2, 3, 4])
    expect(lost).toBeGreaterThan(0)
    expect(await keysOf(store)).toEqual(['archive'])
  })

  test('what is wrong is told, and nothing is made of it', async () => {
    const store = create()
    await store.put('one', one)
    await store.put('bad', new Uint8Array(60))
    const refusalOf = async (...files: unknown[]): Promise<SluiceError> => {
      const combiner = lazyCombiner(store, 'archive')
      const before = files.slice(0, -1).map((file) => combiner.write(file as ArchiveFile))
      await Promise.all(before)
      const refused = await rejectionOf(combiner.write(files.at(-1) as ArchiveFile))
      // It sticks: an archive without the file is not what was asked for.
      expect(await rejectionOf(combiner.write({ key: 'one' }))).toBe(refused)
      expect(await rejectionOf(combiner.close())).toBe(refused)
      return refused
    }
    expect((await refusalOf({ key: 'absent' })).code).toBe('not-found')
    const bad = await refusalOf({ key: 'bad' })
    expect([bad.code, bad.message]).toEqual([
      'protocol',
      expect.stringContaining('"bad" cannot be'),
    ])
    expect((await refusalOf({ bytes: one.slice(0, -1) })).code).toBe('protocol')
    const named = { key: 'one', name: 'a' }
    expect((await refusalOf(named, { key: 'one' })).message).toContain('none has')
    expect((await refusalOf(named, named)).message).toContain('called a already')
    const wrong: readonly [file: unknown, message: string][] = [
      [{ key: 'one', name: '\ud800' }, 'holds a lone surrogate'],
      [{ key: 'one', name: 1 }, 'is no text'],
      [{}, 'has a key, or bytes'],
      [{ bytes: 'one' }, 'has a key, or bytes'],
      [undefined, 'has a key, or bytes'],
    ]
    for (const [file, message] of wrong) {
      const refused = await refusalOf(file)
      expect([refused.code, refused.message]).toEqual([
        'invalid-options',
        expect.stringContaining(message),
      ])
    }
    const combiner = lazyCombiner(store, 'archive')
    await combiner.write(named)
    // Another version than the one that was looked at.
    await store.put('one', two)
    expect((await rejectionOf(combiner.close())).code).toMatch(/precondition-failed|conflict/)
    expect((await rejectionOf(lazyCombiner(store, 'archive').close())).message).toContain(
      'of no files',
    )
    expect((await rejectionOf(append(store, 'archive', [{ bytes: one }]))).code).toBe('not-found')
    expect((await rejectionOf(append(store, 'one', [{ bytes: one }]))).message).toContain(
      'is no archive',
    )
    expect((await rejectionOf(combiner.write({ bytes: one }))).message).toContain('is closed')
    expect(await keysOf(store)).toEqual(['bad', 'one'])
  })

  test.each([
    ['of as many bytes as there can be', 'k'.repeat(1024)],
    ['of characters of four bytes', '😀'.repeat(256)],
  ])('has a key %s', async (_, key) => {
    const store = create()
    const combiner = lazyCombiner(store, key)
    await combiner.write({ bytes: one })
    await combiner.close()
    await append(store, key, [{ bytes: two }])
    expect(await keysOf(store)).toEqual([key])
    expect(await bytesOf(store, key)).toEqual(archiveOf([one, two], 'msgpack'))
  })

  test('a bound that is no number of bytes is refused', async () => {
    const store = create()
    await store.put('archive', archiveOf([one], 'msgpack'))
    for (const maxTocBytes of [Number.NaN, -1, '5' as unknown as number]) {
      expect(() => lazyCombiner(store, 'archive', { maxTocBytes })).toThrow('is no number of bytes')
      for (const work of [
        append(store, 'archive', [{ bytes: two }], { maxTocBytes }),
        lazyReader(store, 'archive', { maxTocBytes }),
      ]) {
        expect((await rejectionOf(work)).code).toBe('invalid-options')
      }
    }
  })

  test('a file that fails among others leaves no archive without it', async () => {
    const store = create()
    await store.put('one', one)
    const combiner = lazyCombiner(store, 'archive')
    const writes = ['one', 'gone', 'one'].map((key) => combiner.write({ key }))
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ])
    const closed = await rejectionOf(combiner.close())
    expect([closed.code, closed.key]).toEqual(['not-found', 'gone'])
    expect(await keysOf(store)).toEqual(['one'])
  })
})

test('on S3 the server copies all but the first part and the borders', async () => {
  const MIB = 1024 ** 2
  const base = memoryStore()
  let sentBytes = 0
  let gotBytes = 0
  const gateway = gatewayFetch(base)
  const fetch: typeof gateway = async (url, init) => {
    const { body } = init
    sentBytes += body instanceof Blob ? body.size : ((body as Uint8Array | null)?.byteLength ?? 0)
    const response = await gateway(url, init)
    if (init.method === 'GET') gotBytes += Number(response.headers.get('content-length') ?? 0)
    return response
  }
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
  const endpoint = 'https://s3.test'
  // One whose parts may differ: equal ones would cost a part at each border.
  const store = s3Store({ bucket: 'bucket', endpoint, credentials, fetch, provider: AWS_PROVIDER })
  const large = encodeMsglc(Array.from({ length: 12 }, (_, at) => `${at}`.padEnd(MIB, '.')))
  await base.put('large', large)
  const combiner = lazyCombiner(store, 'archive')
  for (let count = 0; count < 3; count++) await combiner.write({ key: 'large' })
  const { bytes, copiedBytes } = await combiner.close()
  // Beside what the server did not copy, a header, a table of contents and the list of the parts were sent.
  expect(sentBytes - (bytes - copiedBytes)).toBeLessThan(2000)
  expect(bytes - copiedBytes).toBeLessThan(sentBytes)
  const made = (await bytesOf(base, 'archive')) as Uint8Array
  expect(equalBytes(made, archiveOf([large, large, large], 'msgpack'))).toBe(true)
  expect(sentBytes).toBeLessThan(6 * MIB)
  expect(gotBytes).toBeLessThan(6 * MIB)
  sentBytes = 0
  gotBytes = 0
  await append(store, 'archive', [{ bytes: two }])
  const grown = (await bytesOf(base, 'archive')) as Uint8Array
  expect(equalBytes(grown, archiveOf([large, large, large, two], 'msgpack'))).toBe(true)
  expect(sentBytes).toBeLessThan(6 * MIB)
  expect(gotBytes).toBeLessThan(6 * MIB)
  expect(await keysOf(base)).toEqual(['archive', 'large'])
})

test('where a store takes no conditions, nothing is appended', async () => {
  const store = memoryStore({ capabilities: { conditionalPut: false, conditionalComplete: false } })
  await store.put('archive', archiveOf([one], 'msgpack'))
  const error = await rejectionOf(append(store, 'archive', [{ bytes: two }]))
  expect(error.code).toBe('not-supported')
  expect(await bytesOf(store, 'archive')).toEqual(archiveOf([one], 'msgpack'))
})

test('where only what is put whole takes a condition, no archive larger than a part is added to', async () => {
  const multipart = { minPartBytes: 10 }
  const store = memoryStore({
    capabilities: { compose: false, conditionalComplete: false, multipart },
  })
  const combiner = lazyCombiner(store, 'archive', { partBytes: 50 })
  await combiner.write({ bytes: one })
  const { bytes } = await combiner.close()
  const before = await bytesOf(store, 'archive')
  const error = await rejectionOf(append(store, 'archive', [{ bytes: two }], { partBytes: bytes }))
  expect([error.code, error.key]).toEqual(['not-supported', 'archive'])
  expect(await bytesOf(store, 'archive')).toEqual(before)
  await append(store, 'archive', [{ bytes: two }], { partBytes: 2 * bytes + two.byteLength })
  expect(await (await lazyReader(store, 'archive')).read('1')).toEqual([1, 2, 3])
})
