import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MultipartToken, MultipartUpload, Part, Store } from '../../../src/contracts/index.ts'
import { fsStore } from '../../../src/stores/fs.ts'

let root: string
let store: Store

beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'sluice-fs-'))
  store = fsStore(root, { fs })
})
afterEach(() => fs.rm(root, { recursive: true, force: true }))

type Open = (path: string, flags: 'r' | 'wx') => Promise<fs.FileHandle>
const open: Open = (path, flags) => fs.open(path, flags)
const isPart = (path: string): boolean => path.includes('.sluice/uploads/')

/** The upload in a store over another `open`. */
function over(opening: Open, token: MultipartToken): MultipartUpload {
  const other = fsStore(root, { fs: { ...fs, open: opening } })
  return (other as Required<Store>).resumeMultipart(token)
}

async function uploadOf(count: number) {
  const upload = await (store as Required<Store>).createMultipart('key')
  const parts: Part[] = []
  for (let number = 1; number <= count; number++) {
    parts.push(await upload.putPart(number, new TextEncoder().encode(`part ${number} `)))
  }
  const folder = join(root, '.sluice/uploads', upload.uploadId)
  return { upload, parts, folder }
}

async function openKeys(): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.listMultipart?.('') ?? []) found.push(key)
  return found
}

async function privateFiles(): Promise<string[]> {
  const entries = await fs.readdir(join(root, '.sluice'), { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

test('one part is open at a time, however many there are', async () => {
  const { upload, parts } = await uploadOf(20)
  let opened = 0
  let isOpen = 0
  let mostOpen = 0
  const counted = over(async (path, flags) => {
    const file = await open(path, flags)
    if (!isPart(path)) return file
    opened++
    mostOpen = Math.max(mostOpen, ++isOpen)
    const close = file.close.bind(file)
    file.close = async () => {
      isOpen--
      await close()
    }
    return file
  }, upload)
  await counted.complete(parts)
  expect({ opened, isOpen, mostOpen }).toEqual({ opened: 20, isOpen: 0, mostOpen: 1 })
  const expected = parts.map(({ partNumber }) => `part ${partNumber} `).join('')
  expect(await (await store.get('key'))?.text()).toBe(expected)
})

test('a part that is exchanged after it was looked at does not become an object', async () => {
  const { upload, parts, folder } = await uploadOf(2)
  const last = join(folder, `2-${parts[1]?.etag}`)
  const exchanging = over(async (path, flags) => {
    if (isPart(path) && path !== last) {
      await fs.rename(last, `${last}-old`)
      await fs.writeFile(last, 'another')
    }
    return open(path, flags)
  }, upload)
  await expect(exchanging.complete(parts)).rejects.toMatchObject({ code: 'invalid-options' })
  expect(await store.head('key')).toBeUndefined()
})

test('an upload that is aborted while it is completed is not found', async () => {
  const { upload, parts } = await uploadOf(2)
  const late = over(async (path, flags) => {
    if (isPart(path)) await upload.abort()
    return open(path, flags)
  }, upload)
  await expect(late.complete(parts)).rejects.toMatchObject({ code: 'not-found' })
  expect(await store.head('key')).toBeUndefined()
  expect(await privateFiles()).toEqual([])
})

test.each(['', '{"key":"ke', 'null', '{}'])('a description that reads %j', async (text) => {
  const { upload, parts, folder } = await uploadOf(1)
  await store.createMultipart?.('other')
  await fs.writeFile(join(folder, 'upload.json'), text)
  expect(await openKeys()).toEqual(['other'])
  const { uploadId } = upload
  await expect(upload.complete(parts)).rejects.toMatchObject({ code: 'protocol', uploadId })
  await upload.abort()
  expect(await fs.readdir(join(root, '.sluice/uploads'))).toHaveLength(1)
})

test('an upload that cannot be described is not there', async () => {
  const full: Open = async (path, flags) => {
    const file = await open(path, flags)
    file.write = async () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    return file
  }
  const creating = fsStore(root, { fs: { ...fs, open: full } }).createMultipart?.('key')
  await expect(creating).rejects.toMatchObject({ code: 'unavailable' })
  expect(await openKeys()).toEqual([])
  expect(await privateFiles()).toEqual([])
})
