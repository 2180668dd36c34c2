import type { LanePosition } from '../../contracts/index.ts'
import { checkEqual, checkRejects } from '../check.ts'
import {
  AS_COLUMNS,
  AS_JSONL,
  AT_MS,
  batch,
  committed,
  LANE,
  type LogCase,
  laneIn,
  OF_RUN,
  OTHER,
  pending,
  readAll,
  rowsOf,
  sealAndCommit,
  sealed,
  step,
  uploadOf,
} from './tools.ts'

export const reopenCases: readonly LogCase[] = [
  {
    name: 'after a crash: open records, their positions, size and age',
    async run({ log, reopen }) {
      const before = await log.open('first')
      await before.append(batch([[LANE, rowsOf(2)]]))
      await before.append(batch([[LANE, rowsOf(1, 2)]], { atMs: AT_MS + 9 }))
      await before.append(batch([[OTHER, rowsOf(2)]], { atMs: AT_MS + 7, encoding: AS_COLUMNS }))
      const after = await (await reopen()).open('second')
      checkEqual(
        after.state,
        {
          lanes: [
            {
              lane: LANE,
              begin: 0,
              end: 3,
              bytes: 30,
              openedAtMs: AT_MS,
              lastAtMs: AT_MS + 9,
              encoding: AS_JSONL,
            },
            {
              lane: OTHER,
              begin: 0,
              end: 2,
              bytes: 20,
              openedAtMs: AT_MS + 7,
              lastAtMs: AT_MS + 7,
              encoding: AS_COLUMNS,
            },
          ],
          sealed: [],
          runs: [],
        },
        'the state',
      )
      const { ranges } = await after.append(batch([[LANE, rowsOf(1, 3)]]))
      checkEqual(ranges, [{ lane: LANE, begin: 3, end: 4 }], 'where the next append goes')
      const file = sealed(LANE, 0, 4)
      await after.seal(file)
      checkEqual(await readAll(after, file), rowsOf(4), 'the rows')
    },
  },
  {
    name: 'after a crash: where the records lie that producers brought for runs',
    async run({ log, reopen }) {
      const before = await log.open('first')
      const send = (seq: number) =>
        before.append(batch([[LANE, rowsOf(1)]], { producer: step(seq), encoding: OF_RUN }))
      for (let seq = 0; seq < 50; seq++) await send(seq)
      const ranges = [
        { lane: LANE, begin: 0, end: 1 },
        { lane: LANE, begin: 49, end: 50 },
      ]
      const after = await reopen()
      // The second time, of what the first one made of it.
      for (const owner of ['second', 'third']) {
        const { state } = await after.open(owner)
        checkEqual(state.runs, [{ id: step(0).id, epoch: 0, ranges }], `what the ${owner} finds`)
      }
    },
  },
  {
    name: 'after a crash: a sealed file with its key, its upload and its rows',
    async run({ log, reopen }) {
      const before = await log.open('first')
      await before.append(batch([[LANE, rowsOf(5)]]))
      const file = sealed(LANE, 0, 4)
      const upload = uploadOf(file)
      await before.seal(file)
      await before.progress(file.id, upload)
      const after = await (await reopen()).open('second')
      checkEqual(after.state.sealed, [{ ...pending(file), upload }], 'the sealed files')
      checkEqual(await readAll(after, file), rowsOf(4), 'its rows')
      await after.commit([committed(file)])
      checkEqual(laneIn(after.state, LANE).begin, 4, 'where the open part begins')
    },
  },
  {
    name: 'after a crash: a committed file answers for its receipts, and its rows stay gone',
    async run({ log, reopen }) {
      const before = await log.open('first')
      await before.append(batch([[LANE, rowsOf(5)]]))
      const file = sealed(LANE, 0, 5)
      await sealAndCommit(before, file)
      const after = await (await reopen()).open('second')
      checkEqual(after.state.sealed, [], 'the sealed files')
      checkEqual(
        await after.committed({ lane: LANE, begin: 0, end: 5 }),
        [committed(file)],
        'the committed files',
      )
      await after.commit([committed(file)])
      await checkRejects(readAll(after, file), 'not-found', 'reading it again')
    },
  },
  {
    name: 'after a crash: how far uploads had come, what is stored, and every position',
    async run({ log, reopen }) {
      const before = await log.open('first')
      await before.append(
        batch([
          [LANE, rowsOf(5)],
          [OTHER, rowsOf(4)],
        ]),
      )
      const [begun, done] = [sealed(LANE, 0, 4), { ...sealed(OTHER, 0, 2), run: 'nightly' }]
      const upload = {
        ...uploadOf(begun),
        parts: [{ partNumber: 1, etag: 'part-1', sizeBytes: 7 }],
        checkpoint: { rows: 2, bytes: 7, state: '"state"' },
      }
      for (const file of [begun, done]) await before.seal(file)
      await before.progress(begun.id, upload)
      await before.store([{ ...done, etag: 'etag-1', bytes: 20 }])
      const after = await (await reopen()).open('second')
      checkEqual(
        after.state.sealed,
        [
          { ...pending(begun), upload },
          { ...pending(done), stored: { etag: 'etag-1', bytes: 20 } },
        ],
        'the sealed files',
      )
      await checkRejects(readAll(after, done), 'not-found', 'the rows of the stored file')
      const positions: LanePosition[] = []
      for await (const position of after.positions()) positions.push(position)
      checkEqual(
        positions,
        [
          { lane: LANE, committed: 0, end: 5 },
          { lane: OTHER, committed: 0, end: 4 },
        ],
        'the positions',
      )
    },
  },
  {
    name: 'after a crash: producers are recognised',
    async run({ log, reopen }) {
      const before = await log.open('first')
      const requests = [0, 1, 2].map((seq) =>
        batch([[LANE, rowsOf(seq + 1)]], { producer: step(seq) }),
      )
      const answers = await Promise.all(requests.map((request) => before.append(request)))
      // The third owner reads what the second has read.
      for (const owner of ['second', 'third']) {
        const after = await (await reopen()).open(owner)
        for (const [seq, request] of requests.entries()) {
          const again = await after.append(request)
          checkEqual(again, { ...answers[seq], duplicate: true }, `the answer to ${seq}`)
        }
        const gap = await checkRejects(
          after.append(batch([[LANE, rowsOf(1)]], { producer: step(4) })),
          'conflict',
          'a gap',
        )
        checkEqual(gap.expectedSeq, 3, 'the next sequence')
      }
    },
  },
  {
    name: 'the owner before the crash is fenced by the one after it',
    async run({ log, reopen }) {
      const before = await log.open('first')
      await (await reopen()).open('second')
      await checkRejects(before.append(batch([[LANE, rowsOf(1)]])), 'fenced', 'an append')
    },
  },
]
