import { expect, test } from 'vitest'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import {
  batch,
  LANE,
  readAll,
  rowsOf,
  sealAndCommit,
  sealed,
} from '../../../src/testing/log-cases/tools.ts'
import { ModelFolder } from './model-folder.ts'

test('a log opens although a segment is gone whose rows were committed after the last snapshot', async () => {
  const folder = new ModelFolder()
  const first = await segmentLog(folder).open('first')
  await first.append(batch([[LANE, rowsOf(500)]]))
  await first.close()
  const { last } = folder
  const second = await segmentLog(folder).open('second')
  await sealAndCommit(second, sealed(LANE, 0, 500))
  await second.close()
  expect([...folder.files.keys()]).not.toContain(last)
  const third = await segmentLog(folder).open('third')
  expect((await third.append(batch([[LANE, rowsOf(1)]]))).ranges[0]?.begin).toBe(500)
})

test('a read that the disk refuses is `unavailable`', async () => {
  const folder = new ModelFolder()
  const session = await segmentLog(folder).open('writer')
  await session.append(batch([[LANE, rowsOf(3)]]))
  const file = sealed(LANE, 0, 3)
  await session.seal(file)
  folder.files.set(folder.last, new Uint8Array(0))
  await expect(readAll(session, file)).rejects.toMatchObject({ code: 'unavailable' })
})
