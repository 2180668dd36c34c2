import type { LanePosition, UploadProgress } from '../../contracts/index.ts'
import { checkEqual, checkRejects } from '../check.ts'
import {
  batch,
  committed,
  LANE,
  type LogCase,
  laneIn,
  OTHER,
  pending,
  readAll,
  rowsOf,
  sealAndCommit,
  sealed,
  uploadOf,
} from './tools.ts'

export const fileCases: readonly LogCase[] = [
  {
    name: 'a lane is cut anywhere, also within an append, and goes on after the cut',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(10)]]))
      const files = [sealed(LANE, 0, 3), sealed(LANE, 3, 4), sealed(LANE, 4, 12)] as const
      await session.seal(files[0])
      await session.seal(files[1])
      await session.append(batch([[LANE, rowsOf(5, 10)]]))
      await session.seal(files[2])
      checkEqual(await readAll(session, files[2]), rowsOf(8, 4), 'the third file')
      checkEqual(await readAll(session, files[0]), rowsOf(3), 'the first file')
      checkEqual(await readAll(session, files[1]), rowsOf(1, 3), 'the second file')
    },
  },
  {
    name: 'a cut that overlaps a file, leaves a gap, is empty or takes what is not there is refused',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(10)]]))
      await session.seal(sealed(LANE, 0, 4))
      for (const [begin, end] of [
        [0, 4],
        [3, 6],
        [5, 6],
        [4, 4],
        [4, 11],
        [4, 6.5],
        [4, Number.NaN],
      ] as const) {
        await checkRejects(
          session.seal({ ...sealed(LANE, begin, end), id: `other-${begin}-${end}` }),
          'invalid-options',
          `a file of ${begin} to ${end}`,
        )
      }
      await checkRejects(
        session.seal(sealed(OTHER, 0, 1)),
        'invalid-options',
        'a lane never written',
      )
      const { state } = await log.open('second')
      checkEqual(state.sealed, [pending(sealed(LANE, 0, 4))], 'the sealed files')
      checkEqual(laneIn(state, LANE).begin, 4, 'where the open part begins')
    },
  },
  {
    name: 'sealed files are in the state until they are committed, oldest first',
    async run({ log }) {
      const first = await log.open('first')
      await first.append(
        batch([
          [OTHER, rowsOf(4)],
          [LANE, rowsOf(4)],
        ]),
      )
      const files = [sealed(LANE, 0, 1), sealed(OTHER, 0, 2), sealed(LANE, 1, 4)] as const
      for (const file of files) await first.seal(file)
      const second = await log.open('second')
      checkEqual(
        second.state.sealed,
        files.map((file) => pending(file)),
        'the sealed files',
      )
      await second.commit([committed(files[1])])
      checkEqual(
        (await log.open('third')).state.sealed,
        [pending(files[0]), pending(files[2])],
        'what is left',
      )
    },
  },
  {
    name: 'how far an upload has come is remembered until it is forgotten',
    async run({ log }) {
      const file = sealed(LANE, 0, 2)
      const begun = uploadOf(file)
      const further: UploadProgress = {
        ...begun,
        parts: [{ partNumber: 1, etag: 'part-1', sizeBytes: begun.partBytes }],
        checkpoint: { rows: 1, bytes: 7, state: '{"rowGroups":1}' },
      }
      const first = await log.open('first')
      await first.append(batch([[LANE, rowsOf(2)]]))
      await first.seal(file)
      await first.progress(file.id, begun)
      const second = await log.open('second')
      checkEqual(uploads(second.state.sealed), [begun], 'the upload')
      await second.progress(file.id, further)
      const third = await log.open('third')
      checkEqual(uploads(third.state.sealed), [further], 'the upload and its checkpoint')
      await third.progress(file.id, undefined)
      const { state } = await log.open('fourth')
      checkEqual(uploads(state.sealed), [undefined], 'after it was forgotten')
    },
  },
  {
    name: 'a stored file has no rows any more and stays sealed until it is committed',
    async run({ log }) {
      const file = { ...sealed(LANE, 0, 2), run: 'nightly' }
      const object = { etag: 'etag-1', bytes: 20 }
      const first = await log.open('first')
      await first.append(batch([[LANE, rowsOf(3)]]))
      await first.seal(file)
      await first.progress(file.id, uploadOf(file))
      await first.store([{ ...file, ...object }])
      await first.store([{ ...file, ...object }])
      await checkRejects(readAll(first, file), 'not-found', 'its rows')
      checkEqual(await first.committed({ lane: LANE, begin: 0, end: 2 }), [], 'what is committed')
      const second = await log.open('second')
      const [kept] = second.state.sealed
      checkEqual(
        [kept?.run, kept?.stored, kept?.upload],
        ['nightly', object, undefined],
        'what is kept of it',
      )
      await second.commit([{ ...file, ...object }])
      checkEqual(
        await second.committed({ lane: LANE, begin: 0, end: 2 }),
        [{ ...file, ...object }],
        'what is committed then',
      )
    },
  },
  {
    name: 'positions tell of every lane what was acknowledged and what is committed',
    async run({ log }) {
      const session = await log.open('first')
      const positions = async (): Promise<readonly (readonly number[])[]> => {
        const found: LanePosition[] = []
        for await (const position of session.positions()) found.push(position)
        return found.map(({ committed, end }) => [committed, end])
      }
      checkEqual(await positions(), [], 'an empty log')
      await session.append(batch([[LANE, rowsOf(5)]]))
      const [one, two] = [sealed(LANE, 0, 2), sealed(LANE, 2, 4)]
      await session.seal(one)
      await session.seal(two)
      await session.commit([committed(two)])
      checkEqual(await positions(), [[0, 5]], 'before the first file is committed')
      await session.commit([committed(one)])
      checkEqual(await positions(), [[4, 5]], 'with an open record')
      const last = sealed(LANE, 4, 5)
      await session.seal(last)
      await session.commit([committed(last)])
      checkEqual(await positions(), [[5, 5]], 'with nothing open')
    },
  },
  {
    name: 'a committed file is found by each range that it overlaps, ascending',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(
        batch([
          [LANE, rowsOf(10)],
          [OTHER, rowsOf(10)],
        ]),
      )
      const files = [sealed(LANE, 0, 4), sealed(LANE, 4, 8), sealed(OTHER, 0, 9)] as const
      for (const file of files) await session.seal(file)
      // In another order than they were sealed in: uploads end as they will.
      for (const file of [files[1], files[2], files[0]]) await session.commit([committed(file)])
      const find = (begin: number, end: number) => session.committed({ lane: LANE, begin, end })
      checkEqual(await find(0, 10), [committed(files[0]), committed(files[1])], 'all of the lane')
      checkEqual(await find(0, 4), [committed(files[0])], 'exactly the first')
      checkEqual(await find(3, 5), [committed(files[0]), committed(files[1])], 'where they meet')
      checkEqual(await find(8, 10), [], 'what no file has')
    },
  },
  {
    name: 'records that no append ever brought are not found, rather than pending',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(10)]]))
      await sealAndCommit(session, sealed(LANE, 0, 10))
      for (const [lane, end] of [
        [LANE, 11],
        [{ ...LANE, shard: '7' }, 1],
      ] as const) {
        await checkRejects(
          session.committed({ lane, begin: 0, end }),
          'not-found',
          `records up to ${end} of shard ${lane.shard}`,
        )
      }
      const { state } = await log.open('second')
      checkEqual(state.lanes, [], 'the lanes: none comes of a question')
    },
  },
  {
    name: 'a sealed file that is not committed is found by no range',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(3)]]))
      await session.seal(sealed(LANE, 0, 3))
      checkEqual(await session.committed({ lane: LANE, begin: 0, end: 3 }), [], 'the files')
    },
  },
  {
    name: 'committing again changes nothing',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(6)]]))
      const file = sealed(LANE, 0, 3)
      await sealAndCommit(session, file)
      await session.commit([committed(file)])
      checkEqual(
        await session.committed({ lane: LANE, begin: 0, end: 6 }),
        [committed(file)],
        'the files',
      )
      const rest = sealed(LANE, 3, 6)
      await session.seal(rest)
      checkEqual(await readAll(session, rest), rowsOf(3, 3), 'the rows after it')
    },
  },
  {
    name: 'several files are committed together, and the others keep their rows',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(
        batch([
          [LANE, rowsOf(9)],
          [OTHER, rowsOf(2)],
        ]),
      )
      const files = [sealed(LANE, 0, 2), sealed(LANE, 2, 5), sealed(LANE, 5, 9)] as const
      for (const file of files) await session.seal(file)
      const other = sealed(OTHER, 0, 2)
      await session.seal(other)
      await session.commit([committed(files[2]), committed(files[0]), committed(other)])
      checkEqual(await readAll(session, files[1]), rowsOf(3, 2), 'the rows between them')
      checkEqual(
        (await log.open('second')).state.sealed,
        [pending(files[1])],
        'what is still sealed',
      )
    },
  },
  {
    name: 'what came after a committed file, and what a later file of it left open, reads as it came',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(3)]]))
      await sealAndCommit(session, sealed(LANE, 0, 3))
      await session.append(batch([[LANE, rowsOf(4, 3)]]))
      await session.append(batch([[LANE, rowsOf(3, 7)]]))
      const [second, third] = [sealed(LANE, 3, 8), sealed(LANE, 8, 10)]
      await session.seal(second)
      await session.seal(third)
      // Out of order: the rows of the file before it must outlive it.
      await session.commit([committed(third)])
      checkEqual(await readAll(session, second), rowsOf(5, 3), 'the second file')
    },
  },
  {
    name: 'a file that was never sealed is not found, nor is a committed one whose neighbours are still there',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(9)]]))
      const [done, open, unknown] = [sealed(LANE, 0, 3), sealed(LANE, 3, 6), sealed(LANE, 6, 9)]
      await sealAndCommit(session, done)
      await session.seal(open)
      const calls = {
        'reading a committed file': readAll(session, done),
        'progress of a committed file': session.progress(done.id, uploadOf(done)),
        'reading one that was never sealed': readAll(session, unknown),
        'progress of it': session.progress(unknown.id, uploadOf(unknown)),
        'storing it': session.store([committed(open), committed(unknown)]),
        'committing it': session.commit([committed(open), committed(unknown)]),
      }
      for (const [what, call] of Object.entries(calls)) await checkRejects(call, 'not-found', what)
      const { state } = await log.open('second')
      checkEqual(state.sealed, [pending(open)], 'the file beside it in the refused calls')
    },
  },
  {
    name: 'a file whose rows are gone is not read as an empty one',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(3)]]))
      const file = sealed(LANE, 0, 3)
      await sealAndCommit(session, file)
      await checkRejects(readAll(session, file), 'not-found', 'reading a committed file')
    },
  },
]

function uploads(files: readonly { upload?: UploadProgress | undefined }[]): unknown[] {
  return files.map(({ upload }) => upload)
}
