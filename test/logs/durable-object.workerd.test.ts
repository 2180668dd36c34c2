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
  OF_RUN,
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
        [{ ...LANE, partition: 'p' }, [{ pattern: /x/ }]],
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
      // As many as are kept however old they are.
      for (let n = 1; n < 1000; n++) {
        const producer = step(0, { id: `another ${n}` })
        await session.append(batch([], { atMs: AT_MS + day, producer }))
      }
      await write(1, AT_MS + 8 * day)
      expect((await session.committed({ lane: LANE, begin: 0, end: 2 })).length).toBe(2)
      const known = storage.sql
        .exec('SELECT id FROM producers')
        .toArray()
        .map(({ id }) => id)
      expect([known.length, known.includes('producer 0')]).toEqual([1000, false])
      await write(2, AT_MS + 91 * day)
      const files = await session.committed({ lane: LANE, begin: 1, end: 3 })
      expect(files.map(({ begin }) => begin)).toEqual([1, 2])
      // It would be waited for for ever.
      const old = session.committed({ lane: LANE, begin: 0, end: 2 })
      await expect(old).rejects.toMatchObject({ code: 'not-found' })
    })
  })

  test('a producer is one row, however many answers it may ask for again', async () => {
    await inStorage(async (storage) => {
      const log = durableObjectLog(storage)
      const session = await log.open('test')
      for (let seq = 0; seq < 100; seq++) await session.append(batch([], { producer: step(seq) }))
      expect(storage.sql.exec('SELECT piece, seq FROM producers').toArray()).toEqual([
        { piece: 0, seq: 99 },
      ])
      // In pieces, and no longer than it is the last one.
      const rejected = [
        { index: 0, code: 'invalid-record', path: '', message: 'x'.repeat(4_000_000) } as const,
      ]
      await session.append(batch([], { producer: step(100), rejected }))
      expect(storage.sql.exec('SELECT piece FROM producers').toArray()).toHaveLength(3)
      const again = await session.append(batch([], { producer: step(100) }))
      expect(again).toEqual({ ranges: [], rejected, duplicate: true })
      await session.append(batch([], { producer: step(101) }))
      expect(storage.sql.exec('SELECT piece FROM producers').toArray()).toHaveLength(1)
      await expect(session.append(batch([], { producer: step(100) }))).rejects.toMatchObject({
        code: 'already-exists',
        expectedSeq: 102,
      })
    })
  })

  test('tables of version 1 are brought up to date, with all that they hold', async () => {
    await inStorage(async (storage) => {
      for (const statement of VERSION_1) storage.sql.exec(statement)
      const session = await durableObjectLog(storage).open('test')
      const encoding = { format: 'jsonl', schema: undefined }
      const [begun, waiting] = [sealed(LANE, 0, 2), sealed(LANE, 2, 3)]
      const token = { key: begun.key, uploadId: 'upload-1' }
      expect(session.state).toEqual({
        lanes: [
          {
            lane: LANE,
            begin: 3,
            end: 5,
            bytes: 20,
            openedAtMs: AT_MS + 1,
            lastAtMs: AT_MS + 2,
            encoding,
          },
        ],
        sealed: [
          { ...begun, rowBytes: 20, encoding, upload: { token, partBytes: 0, parts: [] } },
          { ...waiting, rowBytes: 10, encoding },
        ],
        // Nobody knows what it brought for runs.
        runs: [{ id: step(7).id, epoch: 0, ranges: undefined }],
      })
      const rest = sealed(LANE, 3, 5)
      await session.seal(rest)
      const read = []
      for (const file of [begun, waiting, rest]) {
        for await (const rows of session.read(file)) read.push(...rows)
      }
      expect(read).toEqual(rowsOf(5))
      const again = await session.append(batch([], { producer: step(7) }))
      expect(again).toEqual({
        ranges: [{ lane: LANE, begin: 3, end: 5 }],
        rejected: [],
        duplicate: true,
      })
      await session.append(batch([], { producer: step(8) }))
      expect(await session.append(batch([], { producer: step(7) }))).toEqual(again)
      await session.store([committed(begun)])
      await session.commit([committed(begun), committed(waiting)])
      expect(blocksIn(storage)).toBe(2)
      await session.append(batch([[LANE, rowsOf(1)]], { producer: step(9), encoding: OF_RUN }))
      const { state } = await durableObjectLog(storage).open('test')
      expect(state.runs).toEqual([{ id: step(7).id, epoch: 0, ranges: undefined }])
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

/** A log as the release with version 1 of the tables left it: two sealed files, one of them with an open upload, and two open rows. */
const VERSION_1 = [
  // The object of the test has made today's for its own log.
  ...['meta', 'encodings', 'lanes', 'blocks', 'files', 'producers'].map(
    (table) => `DROP TABLE ${table}`,
  ),
  'CREATE TABLE meta (version INTEGER NOT NULL, epoch INTEGER NOT NULL)',
  'INSERT INTO meta VALUES (1, 4)',
  'CREATE TABLE encodings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)',
  `CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, open INTEGER NOT NULL, next INTEGER NOT NULL,
    bytes REAL NOT NULL, opened_at INTEGER, encoding INTEGER NOT NULL)`,
  'CREATE INDEX open_lanes ON lanes (id) WHERE next > open',
  `CREATE TABLE blocks (
    lane INTEGER NOT NULL, first INTEGER NOT NULL, piece INTEGER NOT NULL,
    next INTEGER NOT NULL, size INTEGER NOT NULL, bytes REAL NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (lane, first, piece)) WITHOUT ROWID`,
  `CREATE TABLE files (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL,
    first INTEGER NOT NULL, next INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, sealed_at INTEGER NOT NULL,
    row_bytes REAL NOT NULL, encoding INTEGER NOT NULL, upload TEXT, checkpoint TEXT, etag TEXT, bytes INTEGER)`,
  'CREATE INDEX files_by_position ON files (lane, next)',
  `CREATE TABLE producers (
    id TEXT NOT NULL, piece INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
    at INTEGER NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (id, piece)) WITHOUT ROWID`,
  `INSERT INTO encodings VALUES (1, '["jsonl",null]')`,
  `INSERT INTO lanes VALUES (1, '["birds","","0","auto"]', 3, 5, 20, ${AT_MS + 1}, 1)`,
  ...[
    [0, 3, 30, 0],
    [3, 4, 10, 1],
    [4, 5, 10, 2],
  ].map(([first = 0, next = 0, bytes, later = 0]) => {
    const text = rowsOf(next - first, first)
      .map((row) => JSON.stringify(row))
      .join('\n')
    return `INSERT INTO blocks VALUES (1, ${first}, 0, ${next}, ${text.length}, ${bytes}, ${AT_MS + later}, CAST('${text}' AS BLOB))`
  }),
  ...(
    [
      [0, 2, 20, '{"key":"birds/file-plain-0-2.jsonl","uploadId":"upload-1"}'],
      [2, 3, 10, null],
    ] as const
  ).map(
    ([first, next, bytes, upload]) =>
      `INSERT INTO files VALUES (NULL, 'file-plain-${first}-${next}', 1, ${first}, ${next}, 'birds/file-plain-${first}-${next}.jsonl',
       'flush', ${AT_MS + 1000}, ${bytes}, 1, ${upload ? `'${upload}'` : 'NULL'}, NULL, NULL, NULL)`,
  ),
  `INSERT INTO producers VALUES ('${step(7).id}', 0, 0, 7, '${step(7).hash}', ${AT_MS}, CAST('${JSON.stringify(
    { ranges: [{ lane: LANE, begin: 3, end: 5 }], rejected: [] },
  )}' AS BLOB))`,
]
