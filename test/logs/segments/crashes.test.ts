import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import type {
  CommittedFile,
  LanePosition,
  Log,
  LogSession,
  Row,
  SealedFile,
} from '../../../src/contracts/index.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import {
  AT_MS,
  batch,
  committed,
  LANE,
  OTHER,
  readAll,
  rowsOf,
  sealed,
  step,
  uploadOf,
} from '../../../src/testing/log-cases/tools.ts'
import { CRASHES, crashed, ModelFolder, remains } from './model-folder.ts'

type Call = (session: LogSession) => Promise<unknown>

/** Small enough that segments begin, move and go all the time. */
const options = { segmentBytes: 1500 }

/** A life of a log, in transactions. */
function life(turns: number): Call[] {
  const calls: Call[] = []
  const write = (lane: typeof LANE, from: number, count: number, seq?: number) =>
    calls.push((session) =>
      session.append(
        batch([[lane, rowsOf(count, from)]], {
          atMs: AT_MS + from,
          ...(seq === undefined ? {} : { producer: step(seq) }),
        }),
      ),
    )
  // Never stored, so that its block has to move out of one segment after another.
  write(OTHER, 0, 1)
  for (let turn = 0; turn < turns; turn++) {
    const at = turn * 10
    write(LANE, at, 4, turn)
    write(LANE, at + 4, 6)
    const files = [sealed(LANE, at, at + 7), sealed(LANE, at + 7, at + 10)] as const
    for (const file of files) calls.push((session) => session.seal(file))
    calls.push((session) => session.progress(files[0].id, uploadOf(files[0])))
    calls.push((session) => session.store([committed(files[1])]))
    if (turn === 3) continue
    calls.push((session) => session.commit(files.map(committed)))
  }
  return calls
}

/** All that can be asked of a log, after which nothing of it is open. */
async function everything(log: Log): Promise<unknown> {
  const session = await log.open('reader')
  const { lanes, sealed: pending } = session.state
  const positions: LanePosition[] = []
  for await (const position of session.positions()) positions.push(position)
  const files: CommittedFile[] = []
  for (const { lane, end } of positions) {
    files.push(...(await session.committed({ lane, begin: 0, end })))
  }
  const rows: Row[][] = []
  const cuts: SealedFile[] = pending.filter(({ stored }) => !stored)
  for (const { lane, begin, end } of lanes) {
    const file = sealed(lane, begin, end)
    await session.seal(file)
    cuts.push(file)
  }
  for (const file of cuts) rows.push(await readAll(session, file))
  const producer = await session
    .append(batch([[LANE, rowsOf(1)]], { producer: step(0, { epoch: 9 }) }))
    .then(({ ranges }) => ranges)
  return JSON.parse(JSON.stringify({ lanes, pending, positions, files, rows, producer }))
}

/** What a log holds after each number of transactions. */
async function models(calls: readonly Call[]): Promise<unknown[]> {
  const found: unknown[] = []
  for (let count = 0; count <= calls.length; count++) {
    const log = memoryLog()
    const session = await log.open('model')
    for (const call of calls.slice(0, count)) await call(session)
    found.push(await everything(log))
  }
  return found
}

describe('a crash between any two operations on the disk', () => {
  /** The operations that a log has done, and of each how many transactions were acknowledged before it. */
  async function record(calls: readonly Call[], atOnce: number) {
    const folder = new ModelFolder()
    const acknowledged: number[] = []
    let done = 0
    folder.before = () => acknowledged.push(done)
    const session = await segmentLog(folder, options).open('writer')
    for (let i = 0; i < calls.length; i += atOnce) {
      const some = calls.slice(i, i + atOnce)
      await Promise.all(some.map((call) => call(session).then(() => done++)))
    }
    return { operations: folder.operations, acknowledged: [...acknowledged, done] }
  }

  test.each([1, 7])(
    'loses nothing that was acknowledged, with %i calls at once',
    async (atOnce) => {
      const calls = life(6)
      const expected = await models(calls)
      const { operations, acknowledged } = await record(calls, atOnce)
      expect(new Set(operations.map((one) => 'name' in one && one.name)).size).toBeGreaterThan(4)
      for (let count = 0; count <= operations.length; count++) {
        const least = acknowledged[count] as number
        for (const crash of CRASHES) {
          const found = await everything(segmentLog(crashed(operations, count, crash), options))
          const possible = expected.slice(least, least + atOnce + 1)
          if (!possible.some((one) => isDeepStrictEqual(one, found))) {
            expect.fail(
              `after ${count} operations, ${JSON.stringify(crash)}: ${JSON.stringify(found)}`,
            )
          }
        }
      }
    },
  )

  test('a second crash, while the next owner takes over, loses nothing either', async () => {
    const calls = life(2)
    const expected = await models(calls)
    const { operations, acknowledged } = await record(calls, 3)
    for (let count = 0; count <= operations.length; count++) {
      const least = acknowledged[count] as number
      // The process ends, its machine goes on; and then goes down too.
      for (const first of CRASHES.filter(({ names }) => names === 'kept')) {
        const folder = crashed(operations, count, first)
        await segmentLog(folder, options).open('second')
        const before = remains(operations, count, first)
        const all = [...before, ...folder.operations]
        for (let further = before.length; further <= all.length; further++) {
          for (const second of CRASHES.filter(({ appends }) => appends === 'dropped')) {
            const found = await everything(segmentLog(crashed(all, further, second), options))
            const at = expected
              .slice(least, least + 4)
              .findIndex((one) => isDeepStrictEqual(one, found))
            if (at < 0)
              expect.fail(
                `${count}, ${JSON.stringify(first)}, ${further - before.length}, ${JSON.stringify(second)}`,
              )
          }
        }
      }
    }
  })
})
