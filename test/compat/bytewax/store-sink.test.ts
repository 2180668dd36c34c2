import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, describe, expect, test } from 'vitest'
import { StoreSink } from '../../../src/compat/bytewax/index.ts'
import type { MultipartUpload, Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { csv } from '../../../src/formats/csv.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { fsStore } from '../../../src/stores/fs.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { outputOf, storeSinkCases } from './on-stores.ts'

describe('StoreSink in memory', () => storeSinkCases(async () => memoryStore()))

describe('StoreSink on a store that lists no uploads and completes without conditions, as the R2 binding', () => {
  const capabilities = { listUploads: false, conditionalComplete: false }
  storeSinkCases(async () => memoryStore({ capabilities }))
})

describe('StoreSink in a folder', () => {
  const folders: string[] = []
  afterAll(async () => {
    for (const folder of folders) await fs.rm(folder, { recursive: true, force: true })
  })
  storeSinkCases(async () => {
    const folder = await fs.mkdtemp(join(tmpdir(), 'sluice-bytewax-'))
    folders.push(folder)
    return fsStore(folder, { fs })
  })
})

describe('StoreSink over S3', () =>
  storeSinkCases(async () => s3StoreOver(gatewayFetch(memoryStore()))))

describe('a partition of a StoreSink', () => {
  const options = { format: jsonl() }
  const build = (store: Store, state?: Parameters<StoreSink['buildPart']>[2]) =>
    new StoreSink(store, 'out', 1, options).buildPart('out', 'part_0', state)

  test('answers with a state that is data', async () => {
    const part = await build(memoryStore())
    expect(await part.snapshot()).toEqual({ end: 0, file: undefined })
    await part.writeBatch([{ n: 1 }, { n: 2 }])
    const state = await part.snapshot()
    expect(state).toMatchObject({ end: 2, file: { parts: [{ partNumber: 1, sizeBytes: 16 }] } })
    expect(JSON.parse(JSON.stringify(state))).toEqual(state)
    await part.committed?.()
    expect(await part.snapshot()).toEqual({ end: 2, file: undefined })
  })

  test('completes an upload whose answer was lost, and one that another has completed', async () => {
    const inner = memoryStore()
    let lost = 0
    const store: Store = {
      ...inner,
      resumeMultipart(token) {
        const upload = inner.resumeMultipart?.(token)
        if (!upload) throw new Error('no upload')
        return {
          ...upload,
          async complete(...args) {
            await upload.complete(...args)
            lost++
            throw Object.assign(new Error('lost'), {
              isSluiceError: true,
              code: 'network',
              retryable: true,
            })
          },
        }
      },
    }
    const part = await build(store)
    await part.writeBatch([{ n: 1 }])
    const state = await part.snapshot()
    await part.committed?.()
    expect(lost).toBe(1)
    await build(inner, state)
    expect(Object.values(await outputOf(inner))).toEqual(['{"n":1}\n'])
  })

  test('names an upload of a complete epoch that is gone, and a file of somebody else', async () => {
    const store = memoryStore()
    const part = await build(store)
    await part.writeBatch([{ n: 1 }])
    const state = await part.snapshot()
    await store.resumeMultipart?.(state.file?.token as never).abort()
    await expect(build(store, state)).rejects.toMatchObject({ code: 'not-found' })
    const key = state.file?.token.key ?? ''
    await store.put(key, new Uint8Array(1))
    await expect(build(store, state)).rejects.toMatchObject({ code: 'fenced', key })
  })

  // A number is a FileSink's place in its file. It would be taken for the beginning, and what is there be dropped.
  test.each<[string, unknown]>([
    ['a number', 5],
    ['null', null],
    ['no position', { file: undefined }],
    ['a negative one', { end: -1, file: undefined }],
    ['a file without an upload', { end: 1, file: {} }],
    ['a file of another folder', { end: 1, file: { token: { key: 'out/part_10/0' }, parts: [] } }],
  ])('refuses a state that is none of its own: %s', async (_, state) => {
    const store = memoryStore()
    const part = await build(store)
    await part.writeBatch([{ n: 1 }])
    await part.snapshot()
    await part.committed?.()
    await expect(build(store, state as never)).rejects.toMatchObject({ code: 'invalid-options' })
    expect(Object.values(await outputOf(store))).toEqual(['{"n":1}\n'])
  })

  test('ends its upload when a part fails', async () => {
    const inner = memoryStore()
    const store: Store = {
      ...inner,
      async createMultipart(key, call) {
        const upload = await inner.createMultipart?.(key, call)
        if (!upload) throw new Error('no upload')
        return { ...upload, putPart: () => Promise.reject(new Error('broken')) }
      },
    }
    const part = await build(store)
    await part.writeBatch([{ n: 1 }])
    await expect(part.snapshot()).rejects.toThrow()
    expect(await Array.fromAsync(inner.listMultipart?.('') ?? [])).toEqual([])
  })

  test.each(['list', 'abort'])(
    'leaves uploads to the bucket’s rule where it may not %s them',
    async (what) => {
      const inner = memoryStore()
      await inner.createMultipart?.('out/part_0/left')
      const denied = () => Promise.reject(new SluiceError('permission-denied', 'Not you'))
      const store: Store = {
        ...inner,
        async *listMultipart(prefix) {
          if (what === 'list') await denied()
          yield* inner.listMultipart?.(prefix) ?? []
        },
        resumeMultipart: (token) =>
          Object.assign({ ...inner.resumeMultipart?.(token) } as MultipartUpload, {
            abort: denied,
          }),
      }
      const part = await build(store)
      await part.writeBatch([{ n: 1 }])
      await part.snapshot()
      await part.committed?.()
      expect(Object.values(await outputOf(inner))).toEqual(['{"n":1}\n'])
      expect(await Array.fromAsync(inner.listMultipart?.('') ?? [])).toHaveLength(1)
    },
  )

  test('refuses a record that its format cannot hold, and keeps nothing of its batch', async () => {
    const store = memoryStore()
    const part = await build(store)
    const write = part.writeBatch([{ n: 1 }, { n: Number.NaN }])
    await expect(write).rejects.toMatchObject({ code: 'invalid-record' })
    expect(await part.snapshot()).toEqual({ end: 0, file: undefined })
  })

  test('is of any name, and cannot leave its prefix', async () => {
    const store = memoryStore()
    const partNamer = () => '../a/b c'
    const sink = new StoreSink(store, '', 1, { ...options, partNamer })
    const part = await sink.buildPart('out', '../a/b c', undefined)
    await part.writeBatch([{ n: 1 }])
    await part.snapshot()
    await part.committed?.()
    const [entry] = await Array.fromAsync(store.list())
    expect(entry).toMatchObject({ key: '%2E.%2Fa%2Fb%20c/0000000000000000000.jsonl' })
  })

  test('writes every format, also those that have columns', async () => {
    const store = memoryStore()
    for (const format of [parquet(), csv()]) {
      const sink = new StoreSink(store, format.extension, 1, { format })
      const part = await sink.buildPart('out', 'p', undefined)
      await part.writeBatch([{ n: 1, text: 'a' }])
      await part.writeBatch([{ n: 2, text: 'b' }])
      await part.snapshot()
      await part.committed?.()
    }
    const get = async (key: string) => (await store.get(key))?.bytes()
    const file = (await get('parquet/p/0000000000000000000.parquet')) as Uint8Array<ArrayBuffer>
    expect(await parquetReadObjects({ file: file.buffer })).toMatchObject([
      { text: 'a' },
      { text: 'b' },
    ])
    const text = new TextDecoder().decode(await get('csv/p/0000000000000000000.csv'))
    expect(text).toBe('n,text\n1,a\n2,b\n')
  })

  test('a store without uploads, a name twice and a prefix that is no key are refused at construction', () => {
    const sink =
      (store: Store, prefix: string, more = {}) =>
      () =>
        new StoreSink(store, prefix, 2, { ...options, ...more })
    const without = memoryStore({ capabilities: { multipart: false } })
    const code = (of: string) => expect.objectContaining({ code: of })
    expect(sink(without, 'out')).toThrow(code('not-supported'))
    expect(sink(memoryStore(), '../out')).toThrow(code('invalid-key'))
    expect(sink(memoryStore(), 'out', { partNamer: () => 'same' })).toThrow(code('invalid-options'))
    expect(sink(memoryStore(), 'out', { partBytes: 0 })).toThrow(code('invalid-options'))
  })
})
