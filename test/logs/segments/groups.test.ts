import { expect, test } from 'vitest'
import type { Row } from '../../../src/contracts/index.ts'
import { type BuiltBlock, blockOfRows } from '../../../src/core/rows/block-builder.ts'
import { RowBlock } from '../../../src/core/rows/row-block.ts'
import type { LogFiles } from '../../../src/logs/segments/log-files.ts'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import { batch, LANE, readAll, rowsOf, sealed } from '../../../src/testing/log-cases/tools.ts'
import { ModelFolder } from './model-folder.ts'

/** The folder, and the memory in which it was given bytes. */
function watched(): {
  readonly folder: ModelFolder
  readonly files: LogFiles
  readonly memory: ArrayBuffer[]
} {
  const folder = new ModelFolder()
  const memory: ArrayBuffer[] = []
  const files: LogFiles = {
    list: () => folder.list(),
    create: (name) => folder.create(name),
    remove: (name) => folder.remove(name),
    sync: () => folder.sync(),
    async open(name) {
      const file = await folder.open(name)
      return Object.create(file, {
        append: {
          value: (bytes: Uint8Array<ArrayBuffer>) => {
            memory.push(bytes.buffer)
            return file.append(bytes)
          },
        },
      })
    },
  }
  return { folder, files, memory }
}

test('groups of one size are gathered in one piece of memory', async () => {
  const { files, memory } = watched()
  const session = await segmentLog(files).open('a')
  await session.append(batch([[LANE, rowsOf(100, 0)]]))
  memory.splice(0)
  for (let i = 1; i < 10; i++) await session.append(batch([[LANE, rowsOf(100 - i, 100 * i)]]))
  expect(memory).toHaveLength(9)
  expect(new Set(memory).size).toBe(1)
  await session.close()
})

test('a group is gathered when the one before it was written, however long that took', async () => {
  const { folder, files } = watched()
  const log = segmentLog(files)
  const session = await log.open('a')
  let written = (): void => {}
  folder.before = ({ kind }) =>
    kind === 'append'
      ? new Promise<void>((resolve) => {
          written = resolve
        })
      : undefined
  const appends = [0, 1, 2].map(async (i) => {
    for (let turn = 0; turn < 20 * i; turn++) await undefined
    return session.append(batch([[LANE, rowsOf(50, 50 * i)]]))
  })
  let ended = false
  const done = Promise.all(appends).then(() => {
    ended = true
  })
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve))
    written()
  }
  await done
  folder.before = () => {}
  const again = await log.open('b')
  const file = sealed(LANE, 0, 150)
  await again.seal(file)
  expect(await readAll(again, file)).toEqual(rowsOf(150, 0))
  await again.close()
})

test('what one large group took is given back', async () => {
  const { files, memory } = watched()
  const session = await segmentLog(files).open('a')
  const text = 'x'.repeat(17 * 1024 * 1024)
  await session.append(batch([[LANE, [{ text }]]]))
  memory.splice(0)
  await session.append(batch([[LANE, rowsOf(1)]]))
  expect(memory.map(({ byteLength }) => byteLength < 10_000)).toEqual([true])
  await session.close()
})

test('blocks of rows that lie side by side are read as one piece of memory', async () => {
  const log = segmentLog(new ModelFolder())
  const session = await log.open('a')
  for (let i = 0; i < 9; i++) {
    const rows = rowsOf(20, 20 * i).map((row) => ({ ...row, ['x'.repeat(i + 1)]: true }))
    const { block } = blockOfRows(rows) as BuiltBlock<Row>
    await session.append(batch([[LANE, block]]))
  }
  const file = sealed(LANE, 0, 180)
  await session.seal(file)
  const blocks = await Array.fromAsync(session.read(file))
  expect(blocks.every((rows) => rows instanceof RowBlock)).toBe(true)
  expect(new Set(blocks.map((rows) => (rows as RowBlock).bytes?.buffer)).size).toBe(1)
  // Again, and of what was read before nothing has changed.
  const again = await readAll(session, file)
  expect(blocks.flatMap((rows) => [...rows])).toEqual(again)
  expect(again.map(({ n }) => n)).toEqual(Array.from({ length: 180 }, (_, n) => n))
  await session.close()
})

test('runs of blocks are read into one piece of memory, one after the other', async () => {
  const log = segmentLog(new ModelFolder())
  const session = await log.open('a')
  const long = 'x'.repeat(100)
  const rows = rowsOf(20_000).map((row) => ({ ...row, long }))
  for (let i = 0; i < rows.length; i += 1000) {
    const { block } = blockOfRows(rows.slice(i, i + 1000)) as BuiltBlock<Row>
    await session.append(batch([[LANE, block]]))
  }
  const file = sealed(LANE, 0, rows.length)
  await session.seal(file)
  const memory = new Set<ArrayBuffer>()
  let bytes = 0
  const read: Row[] = []
  for await (const some of session.read(file)) {
    const block = some as RowBlock
    memory.add((block.bytes as Uint8Array<ArrayBuffer>).buffer)
    bytes += block.bytes?.byteLength ?? 0
    read.push(...some)
  }
  expect(read).toEqual(rows)
  expect(bytes).toBeGreaterThan(2 * 1024 * 1024)
  expect(memory.size).toBe(1)
  await session.close()
})
