import type { Appended, Encoding, Lane, LogBatch, Rejected } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import {
  AS_JSONL,
  AT_MS,
  batch,
  LANE,
  type LogCase,
  laneIn,
  OF_RUN,
  OTHER,
  rowsOf,
  sealAndCommit,
  sealed,
  step,
} from './tools.ts'

const REJECTED: Rejected = { index: 1, code: 'invalid-record', path: '/n', message: 'not a number' }

export const producerCases: readonly LogCase[] = [
  {
    name: 'the same sequence again is answered as before and keeps nothing',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(9)]]))
      const once = batch(
        [
          [LANE, rowsOf(2)],
          [OTHER, rowsOf(1)],
        ],
        { producer: step(0), rejected: [REJECTED] },
      )
      const first = await session.append(once)
      const again = await session.append({ ...once, atMs: AT_MS + 60_000 })
      checkEqual(first.duplicate, false, 'whether the first is a duplicate')
      checkEqual(again, { ...first, duplicate: true }, 'the second answer')
      const { state } = await log.open('second')
      checkEqual(laneIn(state, LANE).end, 11, 'the records of the lane')
    },
  },
  {
    name: 'a long list of rejections is answered again in full',
    async run({ log }) {
      const session = await log.open('first')
      const rejected = Array.from({ length: 30_000 }, (_, index) => ({
        ...REJECTED,
        index,
        message: `ünlesbar ${'.'.repeat(100)}`,
      }))
      const producer = step(0)
      await session.append(batch([[LANE, rowsOf(1)]], { producer, rejected }))
      const again = await session.append(batch([[LANE, rowsOf(1)]], { producer, rejected }))
      checkEqual([again.duplicate, again.rejected.length], [true, 30_000], 'the second answer')
      checkEqual(again.rejected, rejected, 'its rejections')
    },
  },
  {
    name: 'the same sequence with other content is a conflict',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(1)]], { producer: step(0) }))
      const error = await checkRejects(
        session.append(batch([[LANE, rowsOf(2)]], { producer: step(0, { hash: 'another' }) })),
        'conflict',
        'sequence 0 with another hash',
      )
      check(!error.retryable, 'sending it again cannot help, so the error is not retryable')
      checkEqual(error.producerId, step(0).id, 'the producer that it is about')
      checkEqual(laneIn((await log.open('second')).state, LANE).end, 1, 'the records of the lane')
    },
  },
  {
    name: 'requests that were under way together are answered as before, each of them, and in any order',
    async run({ log }) {
      const session = await log.open('first')
      const send = (seq: number) =>
        session.append(
          batch([[LANE, rowsOf(seq + 1)]], { producer: step(seq), rejected: [REJECTED] }),
        )
      const first = await Promise.all([0, 1, 2, 3, 4].map(send))
      for (const seq of [4, 0, 2, 1, 3]) {
        const again = await session.append(batch([], { producer: step(seq) }))
        checkEqual(again, { ...first[seq], duplicate: true }, `the second answer to ${seq}`)
      }
      const error = await checkRejects(
        session.append(batch([], { producer: step(1, { hash: 'another' }) })),
        'conflict',
        'sequence 1 with another hash',
      )
      checkEqual([error.retryable, error.expectedSeq], [false, 5], 'what it says of the next')
      checkEqual(laneIn((await log.open('second')).state, LANE).end, 15, 'the records of the lane')
    },
  },
  {
    name: 'a sequence long past is kept no second time, whether its answer is known or not',
    async run({ log }) {
      const session = await log.open('first')
      const send = (seq: number) => session.append(batch([], { producer: step(seq) }))
      for (let seq = 0; seq < 200; seq++) await send(seq)
      const again = await send(0).catch((error: unknown) => error)
      if (isSluiceError(again)) {
        checkEqual(
          [again.code, again.retryable, again.producerId, again.expectedSeq],
          ['already-exists', false, step(0).id, 200],
          'how it is refused',
        )
      } else checkEqual((again as Appended).duplicate, true, 'whether it is a duplicate')
      checkEqual((await send(199)).duplicate, true, 'whether the last is a duplicate')
    },
  },
  {
    name: 'a sequence that leaves a gap is a conflict, which says where the producer stands',
    async run({ log }) {
      const session = await log.open('first')
      const send = (seq: number) =>
        session.append(batch([[LANE, rowsOf(1)]], { producer: step(seq) }))
      const fresh = await checkRejects(send(1), 'conflict', 'sequence 1 of a new producer')
      checkEqual([fresh.retryable, fresh.expectedSeq], [false, 0], 'what it says of the next')
      for (const seq of [0, 1, 2]) await send(seq)
      const error = await checkRejects(send(4), 'conflict', 'sequence 4 after 2')
      checkEqual([error.producerId, error.expectedSeq], [step(0).id, 3], 'what it says of the next')
      await send(3)
      checkEqual(laneIn((await log.open('second')).state, LANE).end, 4, 'the records of the lane')
    },
  },
  {
    name: 'a new epoch begins at 0 and fences the old one',
    async run({ log }) {
      const session = await log.open('first')
      const send = (epoch: number, seq: number) =>
        session.append(batch([[LANE, rowsOf(1)]], { producer: step(seq, { epoch }) }))
      await send(3, 0)
      await send(3, 1)
      await checkRejects(send(4, 2), 'conflict', 'a new epoch that does not begin at 0')
      checkEqual(
        (await send(4, 0)).duplicate,
        false,
        'whether sequence 0 of epoch 4 is a duplicate',
      )
      const fenced = await checkRejects(send(3, 2), 'fenced', 'the old epoch’s next sequence')
      checkEqual(fenced.producerId, step(0).id, 'the producer that it is about')
      await checkRejects(send(3, 1), 'fenced', 'the old epoch’s last sequence')
      checkEqual((await send(4, 0)).duplicate, true, 'whether it is one when sent again')
      checkEqual(laneIn((await log.open('second')).state, LANE).end, 3, 'the records of the lane')
    },
  },
  {
    name: 'producers do not know of each other',
    async run({ log }) {
      const session = await log.open('first')
      for (const id of ['a', 'b', '__proto__']) {
        for (const seq of [0, 1]) {
          const { duplicate } = await session.append(
            batch([[LANE, rowsOf(1)]], { producer: step(seq, { id }) }),
          )
          checkEqual(duplicate, false, `whether sequence ${seq} of ${id} is a duplicate`)
        }
      }
    },
  },
  {
    name: 'of each producer it is told where the records lie that its epoch brought for runs',
    async run({ log }) {
      const session = await log.open('first')
      const id = 'of a run'
      let seq = 0
      const send = (...lanes: LogBatch['lanes']) =>
        session.append({ ...batch([], { producer: step(seq++, { id }) }), lanes })
      const [plain] = batch([[OTHER, rowsOf(1)]]).lanes as [LogBatch['lanes'][number]]
      const [ofRun] = batch([[LANE, rowsOf(2)]], { encoding: OF_RUN }).lanes as [typeof plain]
      await session.append(batch([[OTHER, rowsOf(1)]], { producer: step(0) }))
      await send()
      await send(plain)
      await send(plain, ofRun)
      await send({ ...ofRun, lane: { ...LANE, partition: 'another' } }, ofRun)
      await send(plain, ofRun)
      await send(plain)
      await sealAndCommit(session, sealed(LANE, 0, 4))
      const ranges = [
        { lane: LANE, begin: 0, end: 2 },
        { lane: LANE, begin: 4, end: 6 },
      ]
      const { state } = await log.open('second')
      checkEqual(state.runs, [{ id, epoch: 0, ranges }], 'what the second finds')
    },
  },
  {
    name: 'a new epoch has brought for runs what it brought itself',
    async run({ log }) {
      const session = await log.open('first')
      const send = (epoch: number, seq: number, lane: Lane, encoding: Encoding) =>
        session.append(batch([[lane, rowsOf(1)]], { producer: step(seq, { epoch }), encoding }))
      await send(0, 0, LANE, OF_RUN)
      await send(1, 0, OTHER, AS_JSONL)
      await send(1, 1, LANE, OF_RUN)
      const range = { lane: LANE, begin: 1, end: 2 }
      const runs = [{ id: step(0).id, epoch: 1, ranges: [range, range] }]
      checkEqual((await log.open('second')).state.runs, runs, 'what the second finds')
    },
  },
  {
    name: 'a clock that was far ahead for a while makes no producer forgotten',
    async run({ log }) {
      const session = await log.open('first')
      const once = batch([[LANE, rowsOf(1)]], { producer: step(0) })
      await session.append(once)
      const aheadMs = AT_MS + 30 * 24 * 60 * 60 * 1000
      await session.append(batch([[OTHER, rowsOf(1)]], { atMs: aheadMs }))
      await sealAndCommit(session, { ...sealed(OTHER, 0, 1), sealedAtMs: aheadMs })
      checkEqual((await session.append(once)).duplicate, true, 'whether it is one when sent again')
    },
  },
  {
    name: 'a request whose records were all rejected is remembered too',
    async run({ log }) {
      const session = await log.open('first')
      const empty = batch([], { producer: step(0), rejected: [REJECTED] })
      await session.append(empty)
      checkEqual(
        await session.append(empty),
        { ranges: [], rejected: [REJECTED], duplicate: true },
        'the second answer',
      )
    },
  },
]
