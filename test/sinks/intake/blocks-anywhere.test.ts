import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Format, Row } from '../../../src/contracts/index.ts'
import { EMPTY, toBase64 } from '../../../src/core/bytes.ts'
import { blockOfRows } from '../../../src/core/rows/block-builder.ts'
import { csv } from '../../../src/formats/csv.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { fileLog } from '../../../src/node/file-log.ts'
import { bench } from '../harness.ts'

let folder: string
let opened = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blocks-'))
})
afterAll(() => rm(folder, { recursive: true }))

const texts = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\ufeff', 'é'.repeat(300)),
)
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 2 ** 31, 2 ** 53))
const row = fc.record(
  {
    id: fc.oneof({ weight: 60, arbitrary: fc.integer() }, fc.constantFrom<unknown>('x', 5n)),
    text: fc.oneof({ weight: 60, arbitrary: texts }, fc.constantFrom<unknown>(null, '\udc00')),
    number: fc.oneof({ weight: 60, arbitrary: numbers }, fc.constant<unknown>(undefined)),
    at: fc.oneof(
      { weight: 60, arbitrary: fc.date({ noInvalidDate: true }) },
      fc.constantFrom<unknown>(null, new Date(Number.NaN)),
    ),
    ['__proto__']: fc.boolean(),
    7: fc.boolean(),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<Row>

const FORMATS: readonly [name: string, format: () => Format][] = [
  ['jsonl', jsonl],
  ['csv', csv],
  ['parquet', parquet],
]

/** Written in so many calls, by one sink and then another over its log; what each file is, by its key. */
async function written(
  batches: readonly Row[][],
  format: Format,
  isDurable: boolean,
): Promise<unknown> {
  const log = isDurable ? fileLog(join(folder, String(opened++))) : memoryLog()
  const { sink, reopen, store } = bench({ format, log, rotate: { records: 11 } })
  const half = Math.ceil(batches.length / 2)
  for (const rows of batches.slice(0, half)) await sink.write(rows)
  const again = reopen()
  for (const rows of batches.slice(half)) await again.write(rows)
  await again.close()
  const found: Record<string, string> = {}
  for await (const entry of store.list()) {
    if (entry.kind !== 'object' || entry.key.includes('rejected')) continue
    const { key } = entry
    found[key] = toBase64((await (await store.get(key))?.bytes()) ?? EMPTY)
  }
  return found
}

test.each(FORMATS)(
  'records many at once are the files of records one by one: %s',
  async (_, format) => {
    let whole = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 7, maxLength: 30 }), { minLength: 2, maxLength: 3 }),
        fc.boolean(),
        async (batches, isDurable) => {
          if (batches.some((rows) => blockOfRows(rows))) whole++
          const together = await written(batches, format(), isDurable)
          const alone = batches.flat().map((one) => [one])
          expect(together).toEqual(await written(alone, format(), isDurable))
        },
      ),
      { numRuns: 12, endOnFailure: true },
    )
    expect(whole).toBeGreaterThan(0)
  },
)
