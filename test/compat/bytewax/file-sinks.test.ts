import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  DirSink,
  FileSink,
  initRecovery,
  runSink,
  storeRecovery,
} from '../../../src/compat/bytewax/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { ABORT, type Keyed, listSource } from './tools.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'sluice-bytewax-'))
  path = join(folder, 'out.txt')
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const text = (name = 'out.txt') => fs.readFile(join(folder, name), 'utf8')
const keyed = (...values: string[]) => values.map((value) => ['ALL', value] as const)

test.each<[string, (options: never) => unknown]>([
  ['FileSink', (options) => new FileSink('out.txt', options)],
  ['DirSink', (options) => new DirSink('out', 2, options)],
])('a %s without a file system is refused, and says where there is one', (name, make) => {
  for (const options of [undefined, null, {}, { fs: {} }, { fs: 'node:fs' }]) {
    const refused = expect.objectContaining({
      code: 'invalid-options',
      message: expect.stringMatching(`^${name}: fs is missing: .*node:fs/promises`),
    })
    expect(() => make(options as never)).toThrow(refused)
  }
})

describe('FileSink', () => {
  const build = (state?: number) => new FileSink(path, { fs }).buildPart('out', path, state)

  test('writes a line for each value', async () => {
    await runSink(keyed('1', '2', 'три'), new FileSink(path, { fs }))
    expect(await text()).toBe('1\n2\nтри\n')
  })

  test('ends lines as it is told', async () => {
    await runSink(keyed('1', '2'), new FileSink(path, { fs, end: '\r\n' }))
    await runSink(keyed('1', '2'), new FileSink(`${path}2`, { fs, end: '' }))
    expect([await text(), await text('out.txt2')]).toEqual(['1\r\n2\r\n', '12'])
  })

  test('resumes where its snapshot says: what was written after it is dropped, and new lines follow', async () => {
    const part = await build()
    await part.writeBatch(['x1'])
    await part.writeBatch(['x2'])
    await part.writeBatch(['x3'])
    const state = await part.snapshot()
    await part.writeBatch(['x4'])
    expect(await text()).toBe('x1\nx2\nx3\nx4\n')
    const again = await build(state)
    expect(await again.snapshot()).toBe(state)
    expect(await text()).toBe('x1\nx2\nx3\n')
    await again.writeBatch(['x5', 'x6'])
    expect(await text()).toBe('x1\nx2\nx3\nx5\nx6\n')
  })

  test('counts in bytes, whatever the letters', async () => {
    const part = await build()
    await part.writeBatch(['ключ', '\u{1f600}'])
    expect(await part.snapshot()).toBe(14)
  })

  test('without a state empties a file that is there, with or without items', async () => {
    await fs.writeFile(path, 'stale\n')
    await runSink([] as Keyed[], new FileSink(path, { fs }))
    expect(await text()).toBe('')
  })

  test('refuses a file that is shorter than its snapshot, and fills nothing up with NUL', async () => {
    await fs.writeFile(path, 'x1\n')
    await expect(build(6)).rejects.toMatchObject({ code: 'precondition-failed' })
    expect(await text()).toBe('x1\n')
    await fs.rm(path)
    await expect(build(6)).rejects.toMatchObject({ code: 'not-found' })
    expect(await fs.readdir(folder)).toEqual([])
  })

  test.each([1, undefined, Buffer.from('x'), '\ud800'])('takes no %j', async (value) => {
    const items = [['ALL', 'first'] as const, ['ALL', value] as unknown as Keyed]
    const run = runSink(items, new FileSink(path, { fs }))
    await expect(run).rejects.toMatchObject({ code: 'invalid-record' })
    expect(await text()).toBe('')
  })

  test('resumed under another path is refused by name', async () => {
    const store = memoryStore()
    await initRecovery(store, 'recovery')
    const recovery = storeRecovery(store, 'recovery')
    await runSink(listSource(keyed('1')), new FileSink(path, { fs }), { recovery })
    const other = new FileSink(`${path}2`, { fs })
    const run = runSink(listSource(keyed('1')), other, { recovery })
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await fs.readdir(folder)).toEqual(['out.txt'])
  })

  test('takes a path without a folder, and names a folder that is not there', async () => {
    const opened: string[] = []
    const recording = {
      open: (file: string, flags: 'a' | 'r' | 'r+') => {
        opened.push(`${flags} ${file}`)
        return fs.open(file === '.' || file === '/' ? folder : join(folder, file), flags)
      },
    }
    await new FileSink('plain.txt', { fs: recording }).buildPart('out', 'plain.txt', undefined)
    await new FileSink('/at-top', { fs: recording }).buildPart('out', '/at-top', undefined)
    expect(opened.filter((call) => call.startsWith('r '))).toEqual(['r .', 'r /'])
    const absent = join(folder, 'absent', 'out.txt')
    const run = runSink([] as Keyed[], new FileSink(absent, { fs }))
    await expect(run).rejects.toMatchObject({ code: 'not-found' })
  })

  test('leaves no file open, also when it fails', async () => {
    let open = 0
    const counting = {
      async open(file: string, flags: 'a' | 'r' | 'r+') {
        const handle = await fs.open(file, flags)
        open++
        return {
          stat: () => handle.stat(),
          truncate: (size: number) => handle.truncate(size),
          write: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
          sync: () => handle.sync(),
          async close() {
            open--
            await handle.close()
          },
        }
      },
    }
    const run = runSink(keyed('1'), new FileSink(path, { fs: counting }))
    await expect(run).rejects.toMatchObject({ code: 'unavailable' })
    expect(open).toBe(0)
  })

  test('a disk that writes a piece at a time writes all of it', async () => {
    const slow = {
      async open(file: string, flags: 'a' | 'r' | 'r+') {
        const handle = await fs.open(file, flags)
        return {
          stat: () => handle.stat(),
          truncate: (size: number) => handle.truncate(size),
          write: (bytes: Uint8Array, at: number, length: number, position: number) =>
            handle.write(bytes, at, Math.min(length, 2), position),
          sync: () => handle.sync(),
          close: () => handle.close(),
        }
      },
    }
    await runSink(keyed('a long line', 'another'), new FileSink(path, { fs: slow }))
    expect(await text()).toBe('a long line\nanother\n')
  })

  test('needs a path', () => {
    expect(() => new FileSink('', { fs })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })
})

describe('DirSink', () => {
  const byNumber = { fs, assignFile: (key: string) => Number(key) }

  test('writes to as many files as it is told, by key', async () => {
    const items: Keyed[] = [
      ['1', '1'],
      ['2', '2'],
      ['3', '3'],
    ]
    await runSink(items, new DirSink(folder, 3, byNumber))
    expect(await Promise.all([text('part_0'), text('part_1'), text('part_2')])).toEqual([
      ...['3\n', '1\n', '2\n'],
    ])
  })

  test('makes all files, and empties those that are there', async () => {
    await fs.writeFile(join(folder, 'part_1'), 'stale\n')
    await runSink([['0', '0']] as Keyed[], new DirSink(folder, 2, byNumber))
    expect([await text('part_0'), await text('part_1')]).toEqual(['0\n', ''])
  })

  test('names files as it is told, routes by adler32, and counts in the order of the names', async () => {
    const fileNamer = (index: number, count: number) => `${count - index} of ${count}.txt`
    await runSink(keyed('x'), new DirSink(folder, 2, { fs, fileNamer }))
    expect(await fs.readdir(folder)).toEqual(['1 of 2.txt', '2 of 2.txt'])
    // Adler-32 of ALL is even.
    expect(await text('1 of 2.txt')).toBe('x\n')
  })

  test('each file resumes by itself', async () => {
    const store = memoryStore()
    await initRecovery(store, 'recovery')
    const recovery = storeRecovery(store, 'recovery')
    const items: (Keyed | typeof ABORT)[] = [['0', 'a'], ['1', 'b'], ['0', 'c'], ABORT, ['1', 'd']]
    const first = runSink(listSource(items, 2), new DirSink(folder, 2, byNumber), {
      recovery,
      epochMs: 0,
    })
    await expect(first).rejects.toThrow('aborted')
    await fs.appendFile(join(folder, 'part_1'), 'torn')
    const rest = items.filter((item) => item !== ABORT)
    await runSink(listSource(rest), new DirSink(folder, 2, byNumber), { recovery, workers: 2 })
    expect([await text('part_0'), await text('part_1')]).toEqual(['a\nc\n', 'b\nd\n'])
  })

  test.each(['', '.', '..', 'a/b', 'a\\b', 'a\0'])('%j names no file', (name) => {
    const fileNamer = () => name
    expect(() => new DirSink(folder, 1, { fs, fileNamer })).toThrow(/can name no partition/)
  })

  test('two files have two names, and there is one at least', () => {
    const invalid = expect.objectContaining({ code: 'invalid-options' })
    expect(() => new DirSink(folder, 2, { fs, fileNamer: () => 'same' })).toThrow(invalid)
    for (const count of [0, 1.5, -1])
      expect(() => new DirSink(folder, count, { fs })).toThrow(invalid)
    expect(() => new DirSink('', 1, { fs })).toThrow(invalid)
  })

  test('the folder must be there', async () => {
    const run = runSink(keyed('1'), new DirSink(join(folder, 'absent'), 1, { fs }))
    await expect(run).rejects.toMatchObject({ code: 'not-found' })
  })
})
