import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/contracts/index.ts'
import {
  type DurableObjectLog,
  type DurableObjectStorageLike,
  durableObjectLog,
} from '../../src/logs/durable-object.ts'
import {
  AT_MS,
  batch,
  committed,
  LANE,
  rowsOf,
  sealed,
  step,
} from '../../src/testing/log-cases/tools.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

/** Runs in a Durable Object of its own, whose SQLite nothing else has touched. */
async function inStorage(run: (storage: DurableObjectStorageLike) => Promise<void>): Promise<void> {
  const stub = env.SHARD.get(env.SHARD.newUniqueId())
  await runInDurableObject(stub, (_, state) => run(state.storage))
}

describe('Durable Object log', () => {
  const cases = (log: Log, reopen: () => Promise<Log>) =>
    logSuite({ durable: true, create: async () => ({ log, reopen }) })
  const names = cases(undefined as unknown as Log, () => Promise.reject()).map(({ name }) => name)

  test.each(names)('%s', async (name) => {
    await inStorage(async (storage) => {
      // A crash: the same storage under a log that remembers nothing.
      const reopen = async () => durableObjectLog(storage)
      await cases(durableObjectLog(storage), reopen)
        .find((one) => one.name === name)
        ?.run()
    })
  })

  test('blocks are large, whatever the number of records', async () => {
    await inStorage(async (storage) => {
      const session = await durableObjectLog(storage).open('test')
      await session.append(batch([[LANE, rowsOf(50_000)]]))
      const [row] = storage.sql
        .exec('SELECT count(*) AS blocks, max(length(body)) AS longest FROM blocks')
        .toArray()
      expect(row?.blocks).toBeLessThan(5)
      expect(row?.longest).toBeLessThan(2_000_000)
    })
  })

  test('a row that no value of SQLite could hold is kept in pieces, and the pieces go with it', async () => {
    await inStorage(async (storage) => {
      const session = await durableObjectLog(storage).open('test')
      await session.append(batch([[LANE, [{ text: 'x'.repeat(5_000_000) }]]]))
      const file = sealed(LANE, 0, 1)
      await session.seal(file)
      expect(blocksIn(storage)).toBe(3)
      await session.commit([committed(file)])
      expect(blocksIn(storage)).toBe(0)
    })
  })

  test('heldBytes is what is not visible, and 0 when there is nothing left to do', async () => {
    await inStorage(async (storage) => {
      const log = durableObjectLog(storage)
      expect(log.heldBytes()).toBe(0)
      const session = await log.open('test')
      await session.append(batch([[LANE, rowsOf(100)]]))
      const held = log.heldBytes()
      expect(held).toBeGreaterThan(1000)
      expect(durableObjectLog(storage).heldBytes()).toBe(held)
      const files = [sealed(LANE, 0, 60), sealed(LANE, 60, 100)] as const
      for (const file of files) await session.seal(file)
      await session.commit([committed(files[1])])
      expect(log.heldBytes()).toBe(held)
      await session.commit([committed(files[0])])
      expect(log.heldBytes()).toBe(0)
    })
  })

  test('an append that is refused leaves nothing behind, in any lane', async () => {
    await inStorage(async (storage) => {
      const log: DurableObjectLog = durableObjectLog(storage)
      const session = await log.open('test')
      const bad = batch([
        [LANE, rowsOf(3)],
        [{ ...LANE, partition: 'p' }, [{ map: new Map() }]],
      ])
      await expect(session.append({ ...bad, producer: step(0) })).rejects.toMatchObject({
        code: 'invalid-record',
      })
      expect([blocksIn(storage), log.heldBytes()]).toEqual([0, 0])
      const { ranges, duplicate } = await session.append(
        batch([[LANE, rowsOf(1)]], { producer: step(0) }),
      )
      expect([ranges, duplicate]).toEqual([[{ lane: LANE, begin: 0, end: 1 }], false])
    })
  })

  test('what receipts and producers need is dropped when it is old', async () => {
    await inStorage(async (storage) => {
      const session = await durableObjectLog(storage).open('test')
      const day = 24 * 60 * 60 * 1000
      const write = async (n: number, atMs: number) => {
        const producer = step(0, { id: `producer ${n}` })
        await session.append(batch([[LANE, rowsOf(1)]], { atMs, producer }))
        const file = { ...sealed(LANE, n, n + 1), sealedAtMs: atMs }
        await session.seal(file)
        await session.commit([committed(file)])
      }
      await write(0, AT_MS)
      await write(1, AT_MS + 8 * day)
      expect((await session.committed({ lane: LANE, begin: 0, end: 2 })).length).toBe(2)
      expect(storage.sql.exec('SELECT id FROM producers').toArray()).toEqual([{ id: 'producer 1' }])
      await write(2, AT_MS + 91 * day)
      const files = await session.committed({ lane: LANE, begin: 0, end: 3 })
      expect(files.map(({ begin }) => begin)).toEqual([1, 2])
    })
  })

  test('tables of a newer version are refused, untouched', async () => {
    await inStorage(async (storage) => {
      durableObjectLog(storage)
      storage.sql.exec('UPDATE meta SET version = 99')
      expect(() => durableObjectLog(storage)).toThrow(/newer Sluice/)
    })
  })
})

function blocksIn(storage: DurableObjectStorageLike): unknown {
  return storage.sql.exec('SELECT count(*) AS count FROM blocks').toArray()[0]?.count
}
