import fc from 'fast-check'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Row, Schema } from '../../../src/contracts/index.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { bench } from '../harness.ts'

const SCHEMA: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'text', type: 'string', nullable: true },
    { name: 'at', type: 'timestamp', nullable: false },
  ],
}

/** Mostly rows that are taken, and now and then one that is not. */
const row = fc.record(
  {
    id: fc.oneof({ weight: 40, arbitrary: fc.integer() }, fc.constant<unknown>(0.5)),
    text: fc.oneof(
      { weight: 40, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
      fc.constantFrom<unknown>(null, 'half of a pair: \ud800'),
      fc.constant('x'.repeat(2000)),
    ),
    at: fc.oneof(
      { weight: 40, arbitrary: fc.date({ noInvalidDate: true }) },
      fc.constantFrom<unknown>('2026-11-21', new Date(Number.NaN)),
    ),
  },
  { noNullPrototype: true },
)

describe('a write of many records', () => {
  test('is judged, and written, as its records one by one would be', async () => {
    let whole = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        async (rows, isPartitioned) => {
          const options = {
            format: parquet<Row>(),
            schema: SCHEMA,
            maxRecordBytes: 1000,
            ...(isPartitioned && { partition: ['text'] }),
          }
          const [together, alone] = [bench(options), bench(options)]
          const ack = await together.sink.write(rows)
          const acks = []
          for (const one of rows) acks.push(await alone.sink.write([one]))
          if (ack.rejected.length === 0 && rows.length > 8) whole++
          expect(ack.accepted).toBe(acks.reduce((sum, { accepted }) => sum + accepted, 0))
          expect(ack.rejected).toEqual(
            acks.flatMap(({ rejected }, index) => rejected.map((one) => ({ ...one, index }))),
          )
          // Dead letters weigh a little more one by one.
          const isSameSize = ack.rejected.length === 0
          if (isSameSize) expect(together.sink.status()).toEqual(alone.sink.status())
          const files = await Promise.all([together, alone].map(closed))
          expect(files[0]).toEqual(files[1])
        },
      ),
      { numRuns: 60 },
    )
    expect(whole).toBeGreaterThan(5)
  })

  test('that have a key by the name of the column for the rest keeps it in that column', async () => {
    const schema: Schema = { fields: [{ name: 'id', type: 'int32', nullable: false }] }
    const options = { format: parquet<Row>(), schema, drift: 'rest' as const }
    const rows = Array.from({ length: 10 }, (_, id) => ({ id, _rest: 'theirs' }))
    const [together, alone] = [bench(options), bench(options)]
    await together.sink.write(rows)
    for (const one of rows) await alone.sink.write([one])
    const files = await Promise.all([together, alone].map(closed))
    expect(files[0]).toEqual(files[1])
  })

  test('whose lane no file could be named for hears so of each record', async () => {
    const { sink } = bench({
      format: parquet(),
      schema: SCHEMA,
      name: `{stream}/${'x'.repeat(1000)}-{partition}-{shard}-{schema}-{begin:19}-{end:19}.{ext}`,
    })
    const rows = Array.from({ length: 10 }, (_, id) => ({ id, text: '', at: new Date(0) }))
    const { accepted, rejected } = await sink.write(rows)
    expect([accepted, rejected.length]).toEqual([0, 10])
  })
})

/** What each file holds, by its key; of dead letters only that they are there. */
async function closed({ sink, store }: ReturnType<typeof bench>): Promise<unknown> {
  const { files } = await sink.close()
  const found: [string, unknown][] = []
  for (const { key } of files) {
    const bytes = await (await store.get(key))?.bytes()
    if (!key.endsWith('.parquet')) found.push([key, true])
    else found.push([key, await parquetReadObjects({ file: bytes?.slice().buffer as ArrayBuffer })])
  }
  return found.sort()
}
