import { checkEqual, checkRejects } from '../check.ts'
import {
  AS_COLUMNS,
  AS_JSONL,
  AT_MS,
  batch,
  LANE,
  type LogCase,
  laneIn,
  OTHER,
  pending,
  rowsOf,
  sealAndCommit,
  sealed,
} from './tools.ts'

export const cutCases: readonly LogCase[] = [
  {
    name: 'a cut says what stays open: its positions, its bytes, and when the first and the last of it came',
    async run({ log }) {
      const session = await log.open('first')
      // The third came before the second: a clock was set back.
      for (const [count, atMs] of [
        [2, AT_MS],
        [4, AT_MS + 5000],
        [4, AT_MS + 3000],
      ] as const) {
        await session.append(batch([[LANE, rowsOf(count)]], { atMs }))
      }
      const cuts = [
        [0, 1, AT_MS],
        [1, 2, AT_MS + 5000],
        [2, 5, AT_MS + 5000],
        [5, 6, AT_MS + 3000],
        [6, 9, AT_MS + 3000],
      ] as const
      for (const [begin, end, openedAtMs] of cuts) {
        const file = sealed(LANE, begin, end)
        const rest = {
          lane: LANE,
          begin: end,
          end: 10,
          bytes: (10 - end) * 10,
          openedAtMs,
          lastAtMs: AT_MS + 3000,
          encoding: AS_JSONL,
        }
        checkEqual(
          await session.seal(file),
          { file: pending(file), rest },
          `the cut of ${begin} to ${end}`,
        )
      }
      const file = sealed(LANE, 9, 10)
      const { rest } = await session.seal(file)
      checkEqual(
        [rest.begin, rest.end, rest.bytes, rest.openedAtMs, rest.lastAtMs],
        [10, 10, 0, undefined, undefined],
        'the lane with nothing open',
      )
    },
  },
  {
    name: 'what is committed meanwhile changes nothing of what stays open',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(2)]]))
      await session.append(batch([[LANE, rowsOf(3)]], { atMs: AT_MS + 1000 }))
      await sealAndCommit(session, sealed(LANE, 0, 3))
      await session.append(batch([[LANE, rowsOf(5)]], { atMs: AT_MS + 2000 }))
      const { rest } = await session.seal(sealed(LANE, 3, 4))
      checkEqual([rest.bytes, rest.openedAtMs], [60, AT_MS + 1000], 'what stays open')
      const next = await session.seal(sealed(LANE, 4, 5))
      checkEqual([next.rest.bytes, next.rest.openedAtMs], [50, AT_MS + 2000], 'what is left of it')
    },
  },
  {
    name: 'bytes that a cut divides are whole, and none is lost',
    async run({ log }) {
      const session = await log.open('first')
      await session.append({
        ...batch([]),
        lanes: [{ lane: LANE, rows: rowsOf(3), bytes: 100, encoding: AS_JSONL }],
      })
      const first = await session.seal(sealed(LANE, 0, 1))
      const second = await session.seal(sealed(LANE, 1, 3))
      checkEqual(
        [first.file.rowBytes, first.rest.bytes, second.file.rowBytes, second.rest.bytes],
        [33, 67, 67, 0],
        'the bytes of the files and of the rest',
      )
    },
  },
  {
    name: 'the next owner finds what the cut said, and no lane that has nothing open',
    async run({ log }) {
      const first = await log.open('first')
      await first.append(
        batch([
          [LANE, rowsOf(4)],
          [OTHER, rowsOf(4)],
        ]),
      )
      await first.append(batch([[LANE, rowsOf(6)]], { atMs: AT_MS + 5000 }))
      await first.seal(sealed(OTHER, 0, 4))
      const { rest } = await first.seal(sealed(LANE, 0, 7))
      const second = await log.open('second')
      checkEqual(second.state.lanes, [rest], 'the lanes')
      checkEqual(rest.openedAtMs, AT_MS + 5000, 'when the first open record came')
      await second.seal(sealed(LANE, 7, 10))
      checkEqual((await log.open('third')).state.lanes, [], 'the lanes with nothing open')
    },
  },
  {
    name: 'a lane without open records goes on at its last position',
    async run({ log }) {
      const first = await log.open('first')
      await first.append(batch([[LANE, rowsOf(4)]]))
      await sealAndCommit(first, sealed(LANE, 0, 4))
      const second = await log.open('second')
      const { ranges } = await second.append(batch([[LANE, rowsOf(2)]]))
      checkEqual(ranges, [{ lane: LANE, begin: 4, end: 6 }], 'the ranges')
    },
  },
  {
    name: 'records keep the encoding that they were appended for, and none of another joins them',
    async run({ log }) {
      const first = await log.open('first')
      const columns = { encoding: AS_COLUMNS }
      await first.append(batch([[LANE, rowsOf(2)]], columns))
      await checkRejects(
        first.append(
          batch([
            [OTHER, rowsOf(1)],
            [LANE, rowsOf(1)],
          ]),
        ),
        'invalid-options',
        'an append of another encoding',
      )
      // Equal, and not the same object.
      await first.append(batch([[LANE, rowsOf(1)]], structuredClone(columns)))
      const file = sealed(LANE, 0, 2)
      checkEqual((await first.seal(file)).file, pending(file, AS_COLUMNS), 'the file')
      const second = await log.open('second')
      checkEqual(second.state.sealed, [pending(file, AS_COLUMNS)], 'the sealed files')
      checkEqual(laneIn(second.state, LANE).encoding, AS_COLUMNS, 'the encoding of what is open')
      checkEqual(second.state.lanes.length, 1, 'the lanes: the refused append left none')
      await second.seal(sealed(LANE, 2, 3))
      await second.append(batch([[LANE, rowsOf(1)]]))
      const third = await log.open('third')
      checkEqual(laneIn(third.state, LANE).encoding, AS_JSONL, 'the encoding after the cut')
      checkEqual(third.state.sealed[1]?.encoding, AS_COLUMNS, 'the encoding of the file before it')
    },
  },
]
