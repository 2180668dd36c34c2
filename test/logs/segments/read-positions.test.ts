import { expect, test } from 'vitest'
import { readPositions } from '../../../src/logs/segments/read-positions.ts'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import {
  batch,
  LANE,
  OTHER,
  rowsOf,
  sealAndCommit,
  sealed,
} from '../../../src/testing/log-cases/tools.ts'
import { ModelFolder } from './model-folder.ts'

test('what the log knows, beside an owner who goes on', async () => {
  const folder = new ModelFolder()
  const session = await segmentLog(folder).open('writer')
  await session.append(batch([[LANE, rowsOf(5)]]))
  await session.append(batch([[OTHER, rowsOf(2)]]))
  await sealAndCommit(session, sealed(LANE, 0, 3))
  await session.seal(sealed(LANE, 3, 4))
  const { length } = folder.operations
  expect(await readPositions(folder)).toEqual([
    { lane: LANE, committed: 3, end: 5 },
    { lane: OTHER, committed: 0, end: 2 },
  ])
  expect(folder.operations).toHaveLength(length)
  await session.append(batch([[LANE, rowsOf(1, 5)]]))
  await session.close()
})

test('a segment that goes while it is read is looked for again', async () => {
  const folder = new ModelFolder()
  const session = await segmentLog(folder).open('writer')
  await session.append(batch([[LANE, rowsOf(5)]]))
  await session.close()
  const list = folder.list.bind(folder)
  let asked = 0
  folder.list = async () => (asked++ === 0 ? ['segment-0000000009-0000000001'] : list())
  const open = folder.open.bind(folder)
  folder.open = async (name) => {
    if (!folder.files.has(name)) throw new Error('ENOENT')
    return open(name)
  }
  expect(await readPositions(folder)).toEqual([{ lane: LANE, committed: 0, end: 5 }])
  expect(asked).toBe(2)
})

test('a tail that is being written is no damage, and damage is told', async () => {
  const folder = new ModelFolder()
  const session = await segmentLog(folder).open('writer')
  await session.append(batch([[LANE, rowsOf(5)]]))
  await session.append(batch([[LANE, rowsOf(2, 5)]]))
  const whole = folder.bytesOf(folder.last)
  folder.files.set(folder.last, whole.slice(0, -3))
  expect(await readPositions(folder)).toEqual([{ lane: LANE, committed: 0, end: 5 }])
  const damaged = whole.slice()
  damaged[40] = (damaged[40] ?? 0) ^ 1
  folder.files.set(folder.last, damaged)
  await expect(readPositions(folder)).rejects.toMatchObject({ code: 'checksum-mismatch' })
  damaged.fill(0)
  await expect(readPositions(folder)).rejects.toMatchObject({ code: 'checksum-mismatch' })
})

test('no log is `not-found`; one that nobody has written to has no lanes', async () => {
  const folder = new ModelFolder()
  await expect(readPositions(folder)).rejects.toMatchObject({ code: 'not-found' })
  await (await segmentLog(folder).open('writer')).close()
  expect(await readPositions(folder)).toEqual([])
})
