import type { LogSession } from '../../contracts/index.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import {
  batch,
  committed,
  LANE,
  type LogCase,
  laneIn,
  readAll,
  rowsOf,
  sealed,
  step,
  uploadOf,
} from './tools.ts'

const FILE = sealed(LANE, 0, 2)

/** Every call of a session. */
const CALLS: Readonly<Record<string, (session: LogSession) => Promise<unknown>>> = {
  append: (session) => session.append(batch([[LANE, rowsOf(1)]], { producer: step(0) })),
  read: (session) => readAll(session, FILE),
  seal: (session) => session.seal(sealed(LANE, 2, 3)),
  progress: (session) => session.progress(FILE.id, uploadOf(FILE)),
  store: (session) => session.store([committed(FILE)]),
  positions: async (session) => {
    for await (const _ of session.positions());
  },
  commit: (session) => session.commit([committed(FILE)]),
  'commit of no file': (session) => session.commit([]),
  committed: (session) => session.committed({ lane: LANE, begin: 0, end: 3 }),
}

async function prepared(session: LogSession): Promise<void> {
  await session.append(batch([[LANE, rowsOf(3)]]))
  await session.seal(FILE)
}

export const ownerCases: readonly LogCase[] = [
  {
    name: 'a second owner fences the first, whose calls change nothing',
    async run({ log }) {
      const first = await log.open('first')
      await prepared(first)
      const second = await log.open('second')
      for (const [name, call] of Object.entries(CALLS)) {
        await checkRejects(call(first), 'fenced', `${name} by the first owner`)
      }
      const { state } = await log.open('third')
      checkEqual(state.sealed, second.state.sealed, 'the sealed files')
      checkEqual(laneIn(state, LANE), laneIn(second.state, LANE), 'the lane')
    },
  },
  {
    name: 'an owner that is fenced while it reads does not read on',
    async run({ log }) {
      const first = await log.open('first')
      const rows = rowsOf(20_000).map((row) => ({ ...row, long: 'x'.repeat(500) }))
      await first.append(batch([[LANE, rows]]))
      const file = sealed(LANE, 0, rows.length)
      await first.seal(file)
      const reading = first.read(file)[Symbol.asyncIterator]()
      check(!(await reading.next()).done, 'the first batch is read')
      await log.open('second')
      const rest = (async () => {
        while (!(await reading.next()).done);
      })()
      await checkRejects(rest, 'fenced', 'reading on')
    },
  },
  {
    name: 'of appends under way when another owner comes, those that are answered are kept',
    async run({ log }) {
      const first = await log.open('first')
      const calls = Array.from({ length: 20 }, (_, n) =>
        first.append(batch([[LANE, rowsOf(3, n * 3)]])),
      )
      const [second, ...answers] = await Promise.all([
        log.open('second'),
        ...calls.map((call) =>
          call.then(
            ({ ranges }) => ranges[0]?.end ?? 0,
            async (error: unknown) => {
              await checkRejects(Promise.reject(error), 'fenced', 'an append that was not kept')
              return 0
            },
          ),
        ),
      ])
      const end = second.state.lanes[0]?.end ?? 0
      check(
        Math.max(...answers) <= end,
        `records up to ${Math.max(...answers)} are kept, of ${end}`,
      )
      checkEqual(end % 3, 0, 'what is left of a divided append')
      const { ranges } = await second.append(batch([[LANE, rowsOf(2, end)]]))
      checkEqual(ranges, [{ lane: LANE, begin: end, end: end + 2 }], 'where the next append goes')
      const file = sealed(LANE, 0, end + 2)
      await second.seal(file)
      checkEqual(await readAll(second, file), rowsOf(end + 2), 'the rows')
    },
  },
  {
    name: 'a closed session takes no further calls, and the next owner goes on',
    async run({ log }) {
      const first = await log.open('first')
      await prepared(first)
      await first.close()
      for (const [name, call] of Object.entries(CALLS)) {
        await checkRejects(call(first), 'fenced', `${name} after close()`)
      }
      const second = await log.open('second')
      checkEqual(await readAll(second, FILE), rowsOf(2), 'the rows of the sealed file')
      const { ranges } = await second.append(batch([[LANE, rowsOf(1)]]))
      checkEqual(ranges, [{ lane: LANE, begin: 3, end: 4 }], 'where the next append goes')
    },
  },
]
