import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/core/bytes.ts'
import { isSluiceError } from '../../../src/core/errors.ts'
import { type ByteHandle, type LazyNode, lazyReader } from '../../../src/files/msglc/index.ts'
import { MAX_DEPTH } from '../../../src/formats/msglc/codecs/read-value.ts'
import { encodeMsglc, type MsglcOptions } from '../../../src/formats/msglc/index.ts'
import { hex, PICKLED, rejectionOf } from '../../formats/msglc/tools.ts'
import { archiveOf, fileOf } from './archive.ts'
import { CASES, change, random, SEED } from './mutants.ts'

/** What reading all of a file of a kilobyte in each way may leave behind, collected or not: some hundreds of kilobytes, as it is. */
const MOST_BYTES = 2 * 1024 ** 2

const value = {
  list: ['first', [1, 2, 3, 4, 5, 6], { deep: ['x'.repeat(30), 1.5, null, -70_000, 2n ** 60n] }],
  blocks: Array.from({ length: 40 }, (_, index) => index * 7),
  bytes: new Uint8Array(40),
  array: PICKLED,
}

const seeds: Uint8Array[] = []
for (const codec of ['msgpack', 'cbor'] as const) {
  for (const smallBytes of [0, 2, 20, 8192]) {
    const options: MsglcOptions = { codec, smallBytes, trivialBytes: Math.min(smallBytes, 2) }
    const file = encodeMsglc(value, options)
    seeds.push(file, archiveOf({ a: file, b: archiveOf([file, encodeMsglc(1)], codec) }, codec))
  }
}

/** All that a reader can be asked. What it reads must lie inside, and it may hold no more than some times what is there. */
async function readAll(file: Uint8Array): Promise<void> {
  const handle: ByteHandle = {
    size: file.byteLength,
    async read(start, end) {
      if (!(start >= 0 && end <= file.byteLength && start < end))
        throw new Error(`[${start}, ${end})`)
      return file.slice(start, end)
    },
  }
  const reader = await lazyReader(handle)
  await settled(reader.toObject())
  for (const path of ['list/2/deep/0', 'blocks/3:30', 'a/list/1/-1', 'b/0', '0/1'])
    await settled(reader.read(path))
  await settled(walked(reader, 3))
  await settled(reader.raw().then((raw) => raw.bytes()))
}

async function walked(node: LazyNode, levels: number): Promise<void> {
  const kind = await node.kind()
  if (kind === 'value' || levels === 0) return
  const steps = kind === 'map' ? await node.keys() : [0, -1]
  for (const step of steps)
    await settled(node.visit([step as string]).then((next) => walked(next, levels - 1)))
  for await (const _ of node);
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isSluiceError(error)) throw error
    expect(['protocol', 'not-found', 'invalid-options', 'too-large']).toContain(error.code)
  })
}

test(`${CASES} damaged files are errors, or what their bytes say`, {
  timeout: 3_600_000,
}, async () => {
  const next = random(SEED)
  let opened = 0
  for (let run = 0; run < CASES; run++) {
    const file = mutant(seeds[run % seeds.length] as Uint8Array, next)
    const before = allocated()
    try {
      await readAll(file)
      opened++
    } catch (error) {
      if (!isSluiceError(error)) throw new Error(`run ${run}`, { cause: error })
      expect(['protocol', 'too-large']).toContain(error.code)
    }
    expect(allocated() - before).toBeLessThan(MOST_BYTES)
  }
  // Else nothing behind the header would have been tried.
  expect(opened).toBeGreaterThan(CASES / 3)
})

/** With garbage, so that nothing large escapes that lived for a moment only, unless it was collected. */
function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Some bytes changed or cut off; mostly behind the header, where more can go wrong. */
function mutant(seed: Uint8Array, next: () => number): Uint8Array {
  let file = seed.slice()
  for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes--) {
    const from = next() < 0.2 ? 0 : 50
    if (next() < 0.1) file = file.slice(0, from + Math.floor(next() * (file.byteLength - from)))
    else change(file, Math.min(from, file.byteLength), next)
  }
  return file
}

test('positions outside of what holds them are told with the place', async () => {
  const file = encodeMsglc({ a: ['x'.repeat(10)], b: 1 }, { smallBytes: 2, trivialBytes: 2 })
  // The last two bytes are the span of `b`.
  file[file.byteLength - 1] = 0x7f
  const reader = await lazyReader(file)
  expect(await reader.read('a/0')).toBe('x'.repeat(10))
  const error = await rejectionOf(reader.read('b'))
  expect([error.code, error.message]).toEqual([
    'protocol',
    expect.stringContaining('/b has a position outside'),
  ])
})

test('no table has more children than their values have bytes', async () => {
  const table = hex('82a17092000aa174dd00100000') // {"p":[0,10],"t":[…]} of 2^20
  const node = hex('81a170920001')
  const toc = concatBytes([table, ...Array(2 ** 20).fill(node)])
  const file = fileOf(new Uint8Array(10), toc)
  const error = await rejectionOf(lazyReader(file).then((reader) => reader.length()))
  expect([error.code, error.message]).toEqual(['protocol', expect.stringContaining('room for 10')])
})

test('files in an archive lie apart, so that no small one is endless', async () => {
  const file = archiveOf([encodeMsglc(1), encodeMsglc(2)], 'msgpack')
  expect(await (await lazyReader(file)).toObject()).toEqual([1, 2])
  // The table's last byte says where the second one begins.
  file[file.byteLength - 1] = 0
  expect((await rejectionOf(lazyReader(file))).message).toContain('has a position outside')
  file[file.byteLength - 1] = 0x7f
  expect((await rejectionOf(lazyReader(file))).message).toContain('has a position outside')
})

test('values of a list lie apart, too', async () => {
  const list = ['x'.repeat(10), 'y'.repeat(10)]
  const file = encodeMsglc(list, { smallBytes: 2, trivialBytes: 2 })
  // Both spans become that of the first.
  const table = file.subarray(-12)
  expect(Array.from(table.subarray(3, 6))).toEqual([0x92, 1, 12])
  table.set([1, 12], 10)
  const reader = await lazyReader(file)
  const iterated = (async () => {
    for await (const item of reader) expect(item).toBe(list[0])
  })()
  for (const work of [iterated, reader.read('0:2')]) {
    expect((await rejectionOf(work)).message).toContain('values in one another')
  }
})

test('files that lie in one another are opened to some depth', async () => {
  let nested: Uint8Array = encodeMsglc('inside')
  for (let depth = 0; depth < 63; depth++) nested = archiveOf([nested], 'msgpack')
  const path = Array(63).fill(0) as number[]
  expect(await (await lazyReader(nested)).read(path)).toBe('inside')
  const deeper = await lazyReader(archiveOf([nested], 'msgpack'))
  const error = await rejectionOf(deeper.read([...path, 0]))
  expect(error.message).toContain('files lie in one another')
})

/** So many lists in one another, as they are encoded. */
function lists(depth: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(depth).fill(0x91).with(depth - 1, 0x90)
}

describe('levels are counted from the outermost value on', () => {
  // {"p":[0,…],"t":[{"p":[1,…]}]}: the inner list is a place of its own.
  const listed = (depth: number): Uint8Array<ArrayBuffer> => {
    const end = `cd${depth.toString(16).padStart(4, '0')}`
    return fileOf(lists(depth), hex(`82a1709200${end}a1749181a1709201${end}`))
  }
  // {"p":[[1,1,…]]}: the items of a list.
  const inBlocks = (depth: number): Uint8Array<ArrayBuffer> =>
    fileOf(lists(depth), hex(`81a17091930101cd${depth.toString(16).padStart(4, '0')}`))
  const inArchives = (depth: number): Uint8Array => {
    let file: Uint8Array = fileOf(
      lists(depth - 40),
      hex(`81a1709200cd${(depth - 40).toString(16).padStart(4, '0')}`),
    )
    for (let level = 0; level < 40; level++) file = archiveOf([file], 'msgpack')
    return file
  }
  const ways: [string, (depth: number) => Uint8Array, readonly number[]][] = [
    ['a place that is read by itself', listed, [0]],
    ['the first item of a list in blocks', inBlocks, [0]],
    ['a list in blocks', inBlocks, []],
    ['a file in archives', inArchives, Array(40).fill(0)],
    ['archives', inArchives, []],
  ]
  test.each(ways)('%s', async (_, fileOfDepth, path) => {
    await (await lazyReader(fileOfDepth(MAX_DEPTH))).read(path)
    const reader = await lazyReader(fileOfDepth(MAX_DEPTH + 1))
    const error = await rejectionOf(reader.read(path))
    expect([error.code, error.message]).toEqual([
      'protocol',
      expect.stringContaining(`deeper than ${MAX_DEPTH} levels`),
    ])
  })
})
