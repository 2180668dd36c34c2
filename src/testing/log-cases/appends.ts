import { check, checkEqual } from '../check.ts'
import { batch, LANE, type LogCase, OTHER, readAll, rowsOf, sealed } from './tools.ts'

/** Large enough that no log may hand it out in one batch. */
const MANY = 20_000
const LONG_TEXT = 'x'.repeat(500)

export const appendCases: readonly LogCase[] = [
  {
    name: 'an empty log has no lanes and no files',
    async run({ log }) {
      const { state } = await log.open('first')
      checkEqual(state, { lanes: [], sealed: [], runs: [] }, 'the state')
    },
  },
  {
    name: 'positions are dense from 0, in the order of the appends',
    async run({ log }) {
      const session = await log.open('first')
      const answers = []
      for (const count of [3, 1, 5]) {
        answers.push(await session.append(batch([[LANE, rowsOf(count)]])))
      }
      checkEqual(
        answers,
        [
          { ranges: [{ lane: LANE, begin: 0, end: 3 }], rejected: [], duplicate: false },
          { ranges: [{ lane: LANE, begin: 3, end: 4 }], rejected: [], duplicate: false },
          { ranges: [{ lane: LANE, begin: 4, end: 9 }], rejected: [], duplicate: false },
        ],
        'the answers',
      )
    },
  },
  {
    name: 'appends made at once take effect in the order of the calls, and all are kept',
    async run({ log }) {
      const session = await log.open('first')
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          session.append(batch([[LANE, rowsOf(index + 1, index * 100)]])),
        ),
      )
      const ranges = answers.flatMap((answer) => answer.ranges)
      let at = 0
      for (const { begin, end } of ranges) {
        checkEqual(begin, at, 'where a range begins')
        at = end
      }
      checkEqual(at, 210, 'the end of the last range')
      const file = sealed(LANE, 0, at)
      await session.seal(file)
      const rows = await readAll(session, file)
      for (const [index, answer] of answers.entries()) {
        const begin = answer.ranges[0]?.begin ?? -1
        checkEqual(
          rows.slice(begin, begin + index + 1),
          rowsOf(index + 1, index * 100),
          `the rows of append ${index}`,
        )
      }
    },
  },
  {
    name: 'one append into several lanes gives each its own positions',
    async run({ log }) {
      const session = await log.open('first')
      await session.append(batch([[LANE, rowsOf(2)]]))
      const { ranges } = await session.append(
        batch([
          [LANE, rowsOf(3, 2)],
          [OTHER, rowsOf(4, 50)],
        ]),
      )
      checkEqual(
        ranges,
        [
          { lane: LANE, begin: 2, end: 5 },
          { lane: OTHER, begin: 0, end: 4 },
        ],
        'the ranges',
      )
      const files = [sealed(LANE, 0, 5), sealed(OTHER, 0, 4)] as const
      for (const file of files) await session.seal(file)
      checkEqual(await readAll(session, files[0]), rowsOf(5), 'the rows of the first lane')
      checkEqual(await readAll(session, files[1]), rowsOf(4, 50), 'the rows of the second lane')
    },
  },
  {
    name: 'an append of nothing takes no position',
    async run({ log }) {
      const session = await log.open('first')
      const { ranges } = await session.append(batch([[LANE, []]]))
      checkEqual(ranges, [], 'the ranges')
      checkEqual(
        (await session.append(batch([[LANE, rowsOf(1)]]))).ranges,
        [{ lane: LANE, begin: 0, end: 1 }],
        'the ranges of the first row',
      )
    },
  },
  {
    name: 'many rows are read back equal, in order, in batches of a bounded size, as often as asked',
    async run({ log }) {
      const session = await log.open('first')
      const rows = rowsOf(MANY).map((row) => ({ ...row, long: LONG_TEXT }))
      await session.append(batch([[LANE, rows]]))
      const file = sealed(LANE, 0, MANY)
      await session.seal(file)
      for (const time of ['the first', 'the second']) {
        let at = 0
        for await (const some of session.read(file)) {
          check(
            some.length > 0 && some.length < MANY / 2,
            `${time} read: a batch of ${some.length} rows`,
          )
          checkEqual(some, rows.slice(at, at + some.length), `${time} read: the rows from ${at} on`)
          at += some.length
        }
        checkEqual(at, MANY, `${time} read: the number of rows`)
      }
    },
  },
  {
    name: 'a row of several megabytes is kept whole',
    async run({ log }) {
      const session = await log.open('first')
      const rows = [{ n: 1 }, { text: 'é'.repeat(2_500_000) }, { n: 3 }]
      await session.append(batch([[LANE, rows]]))
      const file = sealed(LANE, 0, 3)
      await session.seal(file)
      checkEqual(await readAll(session, file), rows, 'the rows')
    },
  },
]
