import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/core/bytes.ts'
import { ArchiveEntries } from '../../../src/files/msglc/archive-entries.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'
import { encodeMsglc } from '../../../src/formats/msglc/index.ts'
import { rejectionOf } from '../../formats/msglc/tools.ts'
import { archiveOf } from './archive.ts'

const MIB = 1024 ** 2

describe('an archive', () => {
  test('keeps the tables of contents of those files that were used last, and no more of them', async () => {
    const file = encodeMsglc(Array.from({ length: 30 }, (_, at) => `${at}`.padEnd(1000, '.')))
    const bytes = archiveOf([file, file], 'msgpack')
    // Whatever is asked for twice is read twice, unless it is a table of contents that is held.
    const requestsOf = async (maxTocBytes: number): Promise<number[]> => {
      const reader = await lazyReader(bytes, { cacheBytes: 0, maxTocBytes })
      const requests: number[] = []
      for (const path of ['0/3', '0/4', '1/3', '0/5']) {
        const { requests: before } = reader.statistics
        await reader.read(path)
        requests.push(reader.statistics.requests - before)
      }
      return requests
    }
    expect(await requestsOf(64 * MIB)).toEqual([3, 1, 3, 1])
    expect(await requestsOf(2000)).toEqual([3, 1, 3, 3])
  })

  test('looks a name up at once, however many there are', () => {
    const entries = new ArchiveEntries()
    // Each compared with each would be minutes.
    for (let at = 0; at < 300_000; at++) entries.add(`name ${at}`, 60 * at)
    expect(() => entries.add('name 7', 0)).toThrow('name 7 already')
    expect(entries.starts.length).toBe(300_000)
  })

  test('of large files is iterated file by file', async () => {
    const file = encodeMsglc('.'.repeat(5 * MIB))
    const reader = await lazyReader(archiveOf([file, file, file], 'msgpack'))
    for await (const _first of reader) break
    expect(reader.statistics.bytes).toBeLessThan(6 * MIB)
  })
})

test('a value that no buffer can hold is refused by name', async () => {
  const size = 2 ** 50
  const table = encodeMsglc({ p: [0, size] }).subarray(50, 64)
  const bytes8 = (value: bigint): Uint8Array<ArrayBuffer> => {
    const field = new Uint8Array(10)
    field[1] = 0xcf
    new DataView(field.buffer).setBigUint64(2, value)
    return field
  }
  const header = concatBytes([
    encodeMsglc(1).slice(0, 30),
    bytes8(BigInt(size)),
    bytes8(BigInt(table.byteLength)),
  ])
  const read = async (start: number): Promise<Uint8Array> => (start === 0 ? header : table)
  const reader = await lazyReader({ size: 50 + size + table.byteLength, read })
  expect((await rejectionOf(reader.toObject())).code).toBe('too-large')
})
