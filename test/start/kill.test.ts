import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { httpSink } from 'sluice/client'
import { expect, test } from 'vitest'
import { vegaDataSets } from '../../scripts/start/data-sets.ts'
import { openDuckDb } from '../../scripts/start/readers.ts'
import { localWorker, npmStart, root, scratch } from './tools.ts'

const RECORDS = 200_000
const BATCH = 5000
const FILE_RECORDS = 20_000

test('SIGKILL at any moment: what was acknowledged is in exactly one file, and nothing is there twice', async () => {
  let died = (): void => {}
  await using local = await localWorker(
    { flights: { format: 'parquet', rotate: { records: FILE_RECORDS } } },
    () => died(),
  )
  const { worker } = local
  let kills = 0

  /** Kills workerd, waits for its end, and starts it again. */
  const kill = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => (died = resolve))
    process.kill(worker.pid, 'SIGKILL')
    kills++
    await ended
    await worker.restart()
  }
  const visible = async (): Promise<number> => (await worker.bucket.list('flights/')).length
  const oneMoreFile = async (than: number): Promise<void> => {
    while ((await visible()) <= than);
  }

  // What happens to the next request once the Worker has answered it.
  let onAnswer = async (response: Response): Promise<Response> => response
  const sink = httpSink({
    url: worker.url,
    token: worker.token,
    stream: 'flights',
    retry: { baseMs: 20, capMs: 100 },
    fetch: async (...request) => onAnswer(await fetch(...request)),
  })

  const [flights] = vegaDataSets(root)
  const rows: { delay: number; distance: number }[] = JSON.parse(
    await readFile(flights?.path ?? '', 'utf8'),
  )
  expect(rows).toHaveLength(RECORDS)
  let duplicates = 0
  for (let begin = 0; begin < RECORDS; begin += BATCH) {
    // The number tells each record from its equals.
    const batch = rows
      .slice(begin, begin + BATCH)
      .map((row, index) => ({ n: begin + index, ...row }))
    const write = () => sink.write(batch)
    let ack: Awaited<ReturnType<typeof write>>
    switch (begin / BATCH) {
      case 5:
        // While the request is on its way.
        ;[ack] = await Promise.all([write(), kill()])
        break
      case 9:
      case 10:
        // The Worker has kept the records, and its answer is lost.
        onAnswer = async () => {
          onAnswer = async (response) => response
          await kill()
          throw new TypeError('the connection was cut')
        }
        ack = await write()
        expect(ack.duplicate).toBe(true)
        duplicates++
        break
      case 14:
        // Right after the answer.
        ack = await write()
        await kill()
        break
      case 19:
      case 23:
      case 31: {
        // These fill up a file. Right when it has come into being, the log knows nothing of it perhaps.
        const before = await visible()
        ack = await write()
        await oneMoreFile(before)
        await kill()
        break
      }
      case 27:
        // This does too: on the way to the bucket.
        ack = await write()
        await kill()
        break
      default:
        ack = await write()
    }
    expect(ack.accepted).toBe(BATCH)
    expect(ack.rejected).toEqual([])
  }
  // While the last files are being written.
  const [result] = await Promise.all([sink.close(), kill()])
  expect({ kills, duplicates }).toEqual({ kills: 9, duplicates: 2 })
  expect(result).toMatchObject({ accepted: RECORDS, rejected: 0 })

  const stored = await worker.bucket.list('')
  expect(stored.map(({ key }) => key)).toEqual(result.files.map(({ key }) => key).sort())
  await using folder = await scratch()
  for (const [index, { key }] of stored.entries()) {
    await writeFile(join(folder.path, `${index}.parquet`), await worker.bucket.get(key))
  }
  const duckDb = await openDuckDb()
  try {
    const found = await duckDb.runAndReadAll(
      `SELECT count(*), count(DISTINCT n), min(n), max(n), sum(delay)::BIGINT, sum(distance)::BIGINT
       FROM read_parquet('${folder.path}/*.parquet')`,
    )
    const sum = (of: 'delay' | 'distance'): bigint =>
      BigInt(rows.reduce((total, row) => total + row[of], 0))
    expect(found.getRows()).toEqual([
      [BigInt(RECORDS), BigInt(RECORDS), 0, RECORDS - 1, sum('delay'), sum('distance')],
    ])
  } finally {
    duckDb.closeSync()
  }
}, 300_000)

test('SIGKILL in the middle of npm start: it starts the Worker again, and every record comes back once', async () => {
  let kills = 0
  let workerd = 0
  const { status, lines, errors } = await npmStart(['--once'], (line) => {
    const pid = /\(workerd, process (\d+)\)/.exec(line)?.[1]
    if (pid !== undefined) workerd = Number(pid)
    // Before the first data set, between the two, and while files are read back.
    if (!/ records (to send|acknowledged)/.test(line) || kills === 3) return
    process.kill(workerd, 'SIGKILL')
    kills++
  })
  expect(kills).toBe(3)
  expect(lines.filter((line) => line.startsWith('The Worker is back'))).toHaveLength(3)
  expect(lines.at(-1)).toBe('210000 records in, 210000 records out, 5 files, verified')
  expect(errors).toBe('')
  expect(status).toBe(0)
}, 300_000)
