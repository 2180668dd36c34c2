import type { BegunFile, LogSession, Row, SealedFile } from '../../contracts/index.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import {
  AT_MS,
  batch,
  LANE,
  type LogCase,
  laneIn,
  readAll,
  rowsOf,
  sealed,
  uploadOf,
} from './tools.ts'

/** Of logs that can give up rows before they are sealed. */
export const begunCases: readonly LogCase[] = [
  {
    name: 'a file that is begun takes rows out of the log, which its cut remembers',
    async run({ log }) {
      const session = await log.open('first')
      if (!session.begun) return
      const file = sealed(LANE, 0, 5)
      await session.append(batch([[LANE, rowsOf(2)]]))
      await session.append(batch([[LANE, rowsOf(1, 2)]]))
      checkEqual(await open(session, 0, 3), rowsOf(3), 'the open rows')
      const grown = await session.begun.keep(LANE, begun(file, 2))
      checkEqual([grown.begin, grown.end, grown.bytes], [0, 3, 30], 'the lane')
      checkEqual(grown.begun?.rowBytes, 20, 'what the file has of it')
      checkEqual(await open(session, 2, 3), rowsOf(1, 2), 'the rows that are left')
      await checkRejects(open(session, 0, 3), 'not-found', 'rows that the file has')
      await session.append(batch([[LANE, rowsOf(3, 3)]]))
      const again = await session.begun.keep(LANE, begun(file, 4))
      checkEqual([again.bytes, again.begun?.rowBytes], [60, 40], 'the lane when it has grown')
      await checkRejects(session.seal(sealed(LANE, 0, 5.5)), 'invalid-options', 'half a row')
      const other = { ...file, id: 'another' }
      await checkRejects(session.seal(other), 'invalid-options', 'a cut for another file')
      const short = { ...file, end: 3 }
      await checkRejects(session.seal(short), 'invalid-options', 'a cut before what it has')
      await session.begun.keep(LANE, begun(file, 4, 5))
      const early = { ...file, end: 4 }
      await checkRejects(session.seal(early), 'invalid-options', 'a cut before what it is to have')
      const more = session.begun.keep(LANE, begun(file, 4, 7))
      await checkRejects(more, 'not-found', 'more than there is')
      const cut = await session.seal(file)
      checkEqual(
        [cut.file.rowBytes, cut.rest.bytes],
        [50, 10],
        'the bytes of the file and the rest',
      )
      checkEqual(cut.file.upload, begun(file, 4, 5).upload, 'its upload')
      checkEqual(cut.file.takenBytes, 40, 'what of it is not in the log')
      checkEqual(cut.rest.begun, undefined, 'the next file is not begun')
      checkEqual(await readAll(session, file), rowsOf(1, 4), 'the rows that it does not have')
      checkEqual(await open(session, 5, 6), rowsOf(1, 5), 'the rows of the next one')
    },
  },
  {
    name: 'a lane whose file has taken all of it still says when its last row came',
    async run({ log }) {
      const session = await log.open('first')
      if (!session.begun) return
      await session.append(batch([[LANE, rowsOf(1)]]))
      await session.append({ ...batch([[LANE, rowsOf(1, 1)]]), atMs: AT_MS + 9 })
      const grown = await session.begun.keep(LANE, begun(sealed(LANE, 0, 2), 2))
      checkEqual([grown.openedAtMs, grown.lastAtMs], [AT_MS, AT_MS + 9], 'its times')
    },
  },
  {
    name: 'the next owner finds the file that was begun, and may give it up',
    async run({ log }) {
      const first = await log.open('first')
      if (!first.begun) return
      const file = sealed(LANE, 0, 3)
      await first.append(batch([[LANE, rowsOf(3)]]))
      const grown = await first.begun.keep(LANE, begun(file, 2))
      const second = await log.open('second')
      checkEqual(laneIn(second.state, LANE), grown, 'the lane')
      await checkRejects(first.begun.keep(LANE, undefined), 'fenced', 'the first owner')
      const left = await second.begun?.keep(LANE, undefined)
      checkEqual([left?.begin, left?.bytes, left?.begun], [2, 10, undefined], 'what is left')
      const rest = sealed(LANE, 2, 3)
      await second.seal(rest)
      checkEqual(await readAll(second, rest), rowsOf(1, 2), 'its rows')
    },
  },
  {
    name: 'rows of a sealed file whose upload was forgotten are not taken for all of it',
    async run({ log }) {
      const session = await log.open('first')
      if (!session.begun) return
      const file = sealed(LANE, 0, 3)
      await session.append(batch([[LANE, rowsOf(2)]]))
      await session.begun.keep(LANE, begun(file, 2))
      await session.append(batch([[LANE, rowsOf(1, 2)]]))
      await session.seal(file)
      await session.progress(file.id, undefined)
      await checkRejects(readAll(session, file), 'not-found', 'the rest of its rows')
    },
  },
  {
    name: 'a sealed file that is given up has the rows that are left, and nothing of it keeps the next owner',
    async run({ log }) {
      const first = await log.open('first')
      if (!first.begun) return
      const [file, whole] = [sealed(LANE, 0, 4), sealed(LANE, 4, 6)]
      await first.append(batch([[LANE, rowsOf(6)]]))
      await first.begun.keep(LANE, begun(file, 3))
      await first.seal(file)
      await first.begun.keep(LANE, begun(whole, 2))
      await first.seal(whole)
      await first.begun.giveUp(file.id)
      await first.begun.giveUp(whole.id)
      await checkRejects(first.begun.giveUp(whole.id), 'not-found', 'a file that is gone')
      const second = await log.open('second')
      const left = { ...file, begin: 3 }
      checkEqual(
        second.state.sealed.map(({ id, begin, rowBytes, upload }) => [id, begin, rowBytes, upload]),
        [[file.id, 3, 10, undefined]],
        'what is sealed',
      )
      checkEqual(await readAll(second, left), rowsOf(1, 3), 'its rows')
      await second.commit([{ ...left, etag: 'e', bytes: 1 }])
      checkEqual((await second.committed({ lane: LANE, begin: 3, end: 4 })).length, 1, 'its file')
    },
  },
]

function begun(file: SealedFile, rows: number, until = rows): BegunFile {
  const { id, key } = file
  const checkpoint = { rows, bytes: 10 * rows, state: '{}' }
  const taken = { rows, until, schema: undefined, tail: new Uint8Array(10 * rows) }
  return { id, key, upload: { ...uploadOf(file), checkpoint, begun: taken } }
}

async function open({ begun }: LogSession, begin: number, end: number): Promise<Row[]> {
  check(begun, 'the session can begin files')
  const rows: Row[] = []
  for await (const some of begun.read({ lane: LANE, begin, end })) rows.push(...some)
  return rows
}
