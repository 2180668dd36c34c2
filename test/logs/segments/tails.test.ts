import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import { batch, LANE, readAll, rowsOf, sealed } from '../../../src/testing/log-cases/tools.ts'
import { ModelFolder } from './model-folder.ts'

const APPENDS = 16
const ROWS = 2

/** A log of appends, and the size of its one segment when each was acknowledged. */
async function recorded(appends = APPENDS) {
  const folder = new ModelFolder()
  const session = await segmentLog(folder).open('writer')
  const name = folder.last
  const sizes: number[] = []
  for (let n = 0; n < appends; n++) {
    await session.append(batch([[LANE, rowsOf(ROWS, n * ROWS)]]))
    sizes.push(folder.bytesOf(name).byteLength)
  }
  return { folder, session, name, sizes, bytes: folder.bytesOf(name) }
}

/** How many records there are, after it was seen that they are the right ones; not again where there are as many as the caller has seen. */
async function recordsIn(folder: ModelFolder, alreadyRead = 0): Promise<number> {
  const session = await segmentLog(folder).open('reader')
  const end = session.state.lanes[0]?.end ?? 0
  if (end === 0 || end === alreadyRead) return end
  const file = sealed(LANE, 0, end)
  await session.seal(file)
  expect(JSON.stringify(await readAll(session, file))).toBe(JSON.stringify(rowsOf(end)))
  return end
}

function withLast(folder: ModelFolder, name: string, bytes: Bytes): ModelFolder {
  return new ModelFolder(new Map([...folder.files, [name, bytes]]))
}

function noise(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length))
}

describe('the tail of a segment', () => {
  test('cut at every byte, keeps exactly the appends before the cut', async () => {
    const { folder, name, sizes, bytes } = await recorded()
    expect(bytes.byteLength).toBeGreaterThan(2048)
    let found = 0
    for (let size = bytes.byteLength - 2048; size <= bytes.byteLength; size++) {
      const whole = sizes.filter((at) => at <= size).length
      found = await recordsIn(withLast(folder, name, bytes.slice(0, size)), found)
      expect([size, found]).toEqual([size, whole * ROWS])
    }
  })

  test('cut and followed by garbage, zeros or older bytes, keeps exactly the appends before it', async () => {
    const { folder, name, sizes, bytes } = await recorded()
    for (let round = 0; round < 150; round++) {
      const size = bytes.byteLength - Math.floor(Math.random() * 1000)
      const length = 1 + Math.floor(Math.random() * 300)
      const tail = [noise(length), new Uint8Array(length), bytes.slice(200, 200 + length)][
        round % 3
      ]
      const damaged = concatBytes([bytes.slice(0, size), tail as Bytes])
      // A byte of garbage may be the right one.
      const same = damaged.findIndex((byte, i) => byte !== bytes[i])
      const end = Math.max(size, same < 0 ? damaged.byteLength : same)
      const whole = sizes.filter((at) => at <= end).length
      expect(await recordsIn(withLast(folder, name, damaged))).toBe(whole * ROWS)
    }
  })

  test('written out of order when the machine went down, is no damage', async () => {
    const { folder, session, name, sizes, bytes } = await recorded()
    await Promise.all(
      rowsOf(5).map((_, n) => session.append(batch([[LANE, rowsOf(1, APPENDS * ROWS + n)]]))),
    )
    const group = folder.bytesOf(name).slice(bytes.byteLength)
    // All of the last group but its beginning has reached the disk.
    group.fill(0, 0, 40)
    const found = await recordsIn(withLast(folder, name, concatBytes([bytes, group])))
    expect([found, sizes.at(-1)]).toEqual([APPENDS * ROWS, bytes.byteLength])
  })
})

describe('damage', () => {
  test.each([true, false])(
    'of any byte that had been synced is refused by name, closed: %s',
    async (closed) => {
      const { folder, session, name, sizes } = await recorded(3)
      if (closed) await session.close()
      const bytes = folder.bytesOf(name)
      // What was synced is told by the frame after it: the one of the next group, or the one that closing writes.
      const told = closed ? sizes.at(-1) : sizes.at(-2)
      for (let at = 0; at < (told as number); at++) {
        const damaged = bytes.slice()
        damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
        const found = withLast(folder, name, damaged)
        await expect(segmentLog(found).open('reader'), `byte ${at}`).rejects.toMatchObject({
          code: 'checksum-mismatch',
          retryable: false,
        })
        expect(equalBytes(found.bytesOf(name), damaged)).toBe(true)
      }
    },
  )

  test('of rows in an older segment is found by whoever reads them, and by nobody else', async () => {
    const folder = new ModelFolder()
    const first = await segmentLog(folder).open('first')
    const older = folder.last
    await first.append(batch([[LANE, rowsOf(200)]]))
    await first.append(batch([[{ ...LANE, shard: '1' }, rowsOf(2)]]))
    await first.close()
    const at = Buffer.from(folder.bytesOf(older)).indexOf('"row 77"')
    const damaged = folder.bytesOf(older).slice()
    // The next owner reads it whole, and it is damaged after that.
    const log = segmentLog(folder)
    const session = await log.open('second')
    damaged[at] = 0x20
    folder.files.set(older, damaged)
    const files = [sealed(LANE, 0, 200), sealed({ ...LANE, shard: '1' }, 0, 2)] as const
    for (const file of files) await session.seal(file)
    await expect(readAll(session, files[0])).rejects.toMatchObject({ code: 'checksum-mismatch' })
    expect(await readAll(session, files[1])).toEqual(rowsOf(2))
    const after = await log.open('third')
    await expect(readAll(after, files[0])).rejects.toMatchObject({ code: 'checksum-mismatch' })
  })

  test('a segment that is missing is refused', async () => {
    const { folder, session, name } = await recorded()
    await session.close()
    await segmentLog(folder).open('second')
    expect(folder.last).not.toBe(name)
    folder.files.delete(name)
    await expect(segmentLog(folder).open('third')).rejects.toMatchObject({
      code: 'checksum-mismatch',
    })
  })

  test('a log whose only segment has lost its beginning is not taken for an empty one', async () => {
    const { folder, name, bytes } = await recorded()
    const found = withLast(folder, name, concatBytes([noise(40), bytes.slice(40, 60)]))
    await expect(segmentLog(found).open('reader')).rejects.toMatchObject({
      code: 'checksum-mismatch',
    })
  })

  test('a log of a newer version is refused, and its owner goes on', async () => {
    const { folder, session } = await recorded()
    const { FrameBuffer } = await import('../../../src/logs/segments/frames.ts')
    const newer = { epoch: 1, number: 1 }
    const frames = new FrameBuffer(newer, 0)
    frames.addJson('header', { version: 2 })
    frames.addJson('ready', '')
    const found = withLast(folder, 'segment-0000000001-0000000001', frames.bytes)
    await expect(segmentLog(found).open('reader')).rejects.toMatchObject({ code: 'not-supported' })
    expect([...found.files.keys()].filter((name) => name.startsWith('epoch'))).toHaveLength(1)
    await session.close()
  })
})
