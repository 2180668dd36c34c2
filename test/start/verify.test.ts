import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StreamConfig } from 'sluice/workers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalFor } from '../../scripts/start/canonical.ts'
import { type DataSet, inputDataSet } from '../../scripts/start/data-sets.ts'
import { readBack } from '../../scripts/start/read-back.ts'
import { openDuckDb } from '../../scripts/start/readers.ts'
import { closingLine, roundTrip } from '../../scripts/start/round-trip.ts'
import { send } from '../../scripts/start/send.ts'
import { summarizeInput, verify } from '../../scripts/start/verify.ts'
import { localWorker, scratch } from './tools.ts'

const ROWS = Array.from({ length: 100 }, (_, id) => ({
  id,
  real: id / 7,
  name: id % 3 === 0 ? null : `name ${id}`,
  nested: { list: [id, 'x'], big: 2 ** 40 + id },
}))
const canonical = canonicalFor('json-array', 'parquet')

/** What somebody may do to a stream's first file, which has 40 records, and the words that tell of it. */
const TAMPERINGS: readonly (readonly [string, string, string])[] = [
  ['a row is gone', 'SELECT * FROM file WHERE id <> 17', '100 records went in, 99 came out'],
  [
    'a row is there twice',
    'FROM file UNION ALL FROM file WHERE id = 17',
    '100 records went in, 101 came out',
  ],
  [
    'a row is replaced by another one',
    'FROM file WHERE id <> 17 UNION ALL FROM file WHERE id = 18',
    'column "id": the sum differs by 1',
  ],
  [
    'a number is another',
    'SELECT * REPLACE (CASE WHEN id = 17 THEN real + 1e-9 ELSE real END AS real) FROM file',
    'column "real": the sum differs by 1.000',
  ],
  [
    'two values have changed places',
    `SELECT * REPLACE (CASE id WHEN 17 THEN 18 WHEN 18 THEN 17 ELSE id END AS id) FROM file`,
    'the hashes of the records differ',
  ],
  [
    'a text has another letter',
    `SELECT * REPLACE (replace(name, 'name 17', 'nome 17') AS name) FROM file`,
    'the hashes of the records differ',
  ],
  [
    'no value has become an empty text',
    `SELECT * REPLACE (coalesce(name, '') AS name) FROM file`,
    'column "name": 66 values in, 80 out',
  ],
  ['a column is gone', 'SELECT * EXCLUDE (real) FROM file', 'column "real": 100 values in, 60 out'],
  ['a file is there twice', 'duplicate', 'no receipt names'],
  ['a file is cut off', 'cut', 'cannot be read'],
]

const LARGE = 'x'.repeat(3_000_000)

/** Files with what is no record, or does not look like one, and what is to be said of them. */
const INPUTS: readonly (readonly [string, string, string])[] = [
  ['blank.csv', 'a\n1\n\n3\n""\n', '3 records in, 3 records out, 1 files, verified'],
  ['blank.ndjson', '\n{"a":1}\n \r\n{"a":2}', '2 records in, 2 records out, 1 files, verified'],
  [
    'quotes.csv',
    'a,b\n1,2\n2,"b"x\n3,"x"y\n4,"5',
    '4 records in, 1 records out, 3 rejected, 1 files, verified',
  ],
  ['late-quote.csv', 'a,b\n1,p"q\n2,"b" \n', '2 records in, 2 records out, 1 files, verified'],
  [
    'large.csv',
    `a,b\n1,2\n${LARGE},\n3,4\n`,
    '3 records in, 2 records out, 1 rejected, 1 files, verified',
  ],
  [
    'large.ndjson',
    `{"a":"${LARGE}"}\n{"a":1}\n`,
    '2 records in, 1 records out, 1 rejected, 1 files, verified',
  ],
  [
    'large.json',
    `[{"a":1},{"a":"${LARGE}"},{"a":2}]`,
    '3 records in, 2 records out, 1 rejected, 1 files, verified',
  ],
  [
    'separators.ndjson',
    '{"a":"x\u2028y\u0085"}\n{"a":"\u2029"}\n',
    '2 records in, 2 records out, 1 files, verified',
  ],
  [
    'marks.ndjson',
    '\ufeff{"a":1}\n\ufeff{"a":2}\n',
    '2 records in, 1 records out, 1 rejected, 1 files, verified',
  ],
]

describe('the read-back', () => {
  const config: StreamConfig = { format: 'parquet', rotate: { records: 40 } }
  let local: Awaited<ReturnType<typeof localWorker>>
  let folder: Awaited<ReturnType<typeof scratch>>
  let rows: DataSet

  beforeAll(async () => {
    folder = await scratch()
    const path = join(folder.path, 'rows.json')
    await writeFile(path, JSON.stringify(ROWS))
    rows = await inputDataSet(path)
    local = await localWorker({
      ...Object.fromEntries(TAMPERINGS.map((_, index) => [`tampered-${index}`, config])),
      ...Object.fromEntries(INPUTS.map((_, index) => [`input-${index}`, config])),
      parquet: config,
      jsonl: { ...config, format: 'jsonl' },
      csv: { ...config, format: 'csv' },
    })
  })
  afterAll(async () => {
    await local?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  test.each(['parquet', 'jsonl', 'csv'] as const)('finds nothing wrong in %s', async (format) => {
    const progress = { line: () => {}, update: () => {} }
    const trip = await roundTrip(
      { ...rows, stream: format },
      { worker: local.worker, format, progress },
    )
    expect(trip.problems).toEqual([])
    expect(closingLine([trip])).toBe('100 records in, 100 records out, 3 files, verified')
    expect(trip.files.map(({ records }) => records)).toEqual([40, 40, 20])
    expect(local.log).toEqual([])
  })

  test.each(INPUTS.map((input, index) => [...input, index] as const))(
    'agrees with Sluice on what the records of %s are',
    async (name, text, words, index) => {
      const path = join(folder.path, name)
      await writeFile(path, text)
      const trip = await roundTrip(
        { ...(await inputDataSet(path)), stream: `input-${index}` },
        { worker: local.worker, format: 'parquet', progress: { line: () => {}, update: () => {} } },
      )
      expect(trip.problems).toEqual([])
      expect(closingLine([trip])).toBe(words)
    },
  )

  test.each(TAMPERINGS.map((tampering, index) => [...tampering, index] as const))(
    'sees that %s',
    async (_what, change, words, index) => {
      const { bucket, url, token } = local.worker
      const dataSet = { ...rows, stream: `tampered-${index}` }
      const input = await summarizeInput(dataSet, canonical)
      const sent = await send(dataSet, { url, token })
      const [key = ''] = sent.files
      const bytes = await bucket.get(key)
      if (change === 'duplicate') await bucket.put(key.replace('.parquet', '-2.parquet'), bytes)
      else if (change === 'cut') await bucket.put(key, bytes.subarray(0, -9))
      else await bucket.put(key, await rewritten(bytes, change))

      const stored = await readBack(bucket, dataSet.stream, { canonical, except: new Set() })
      const problems = verify(input, sent, stored)
      expect(problems.join('\n')).toContain(words)
      const trip = {
        dataSet,
        recordsIn: input.records,
        recordsOut: stored.summary.records,
        files: stored.files,
        rejected: [],
        problems,
      }
      expect(closingLine([trip])).toMatch(/^100 records in, .*, NOT verified$/)
    },
  )

  /** The Parquet file with what the query makes of it. */
  async function rewritten(bytes: Uint8Array, query: string): Promise<Uint8Array> {
    const before = join(folder.path, 'before.parquet')
    const after = join(folder.path, 'after.parquet')
    await writeFile(before, bytes)
    const duckDb = await openDuckDb()
    try {
      await duckDb.run(`CREATE TEMP TABLE file AS FROM read_parquet('${before}')`)
      await duckDb.run(`COPY (${query}) TO '${after}' (FORMAT parquet)`)
    } finally {
      duckDb.closeSync()
    }
    return readFile(after)
  }
})
