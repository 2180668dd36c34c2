import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Field, Schema } from '../../../src/contracts/index.ts'
import { compare, type EncodedRows, encode } from './matrix/compare.ts'
import { keep, kept } from './matrix/kept.ts'
import { samples } from './matrix/samples.ts'
import { CODECS } from './matrix/subject.ts'

const RUNS = Number(process.env.SLUICE_PARQUET_RUNS ?? 100)
const MS_PER_RUN = 500
/** What is left of a test's time for keeping what it found. */
const KEEP_MS = 10_000

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Fails where the property does, and keeps the smallest sample of it that is found in the time. */
async function holds(
  property: (sample: EncodedRows) => Promise<void>,
  numRuns: number,
  timeoutMs: number,
): Promise<void> {
  const found = await fc.check(fc.asyncProperty(samples, property), {
    numRuns,
    interruptAfterTimeLimit: timeoutMs - KEEP_MS,
    markInterruptAsFailure: true,
  })
  if (!found.failed) return
  if (found.counterexample) await keep(found.counterexample[0])
  throw found.errorInstance ?? new Error(`Only ${found.numRuns} of ${numRuns} in the time`)
}

describe('any schema, any rows, any options', () => {
  const timeout = 30_000 + RUNS * MS_PER_RUN

  test('are read back, by hyparquet and by DuckDB', { timeout }, async () => {
    const compared = async (sample: EncodedRows): Promise<void> => {
      await compare(sample, join(folder, 'file.parquet'))
    }
    await holds(compared, RUNS, timeout)
  })

  test('are the same bytes, however they are given', { timeout }, async () => {
    const isSame = async (sample: EncodedRows): Promise<void> => {
      expect(await encode(sample)).toEqual(await encode({ ...sample, writes: 1 }))
    }
    await holds(isSame, RUNS / 2, timeout)
  })
})

test('what is kept comes back as it was', async () => {
  const schema: Schema = {
    fields: (['int64', 'timestamp', 'bytes', 'double'] as const)
      .map((type): Field => ({ name: type, type, nullable: true }))
      .concat({
        name: 'map',
        type: { kind: 'map', key: 'int32', value: { type: 'string', nullable: true } },
        nullable: true,
      }),
  }
  const row = {
    int64: 2n ** 60n,
    timestamp: new Date(5),
    bytes: Uint8Array.of(0, 255),
    double: -0,
    map: new Map([[1, null]]),
  }
  const options = { ...CODECS.zstd, rowGroupRows: 7, columns: { double: { bloomFilter: true } } }
  const sample: EncodedRows = { schema, rows: [row, {}], options, writes: 2, refusedBy: ['DuckDB'] }
  const place = pathToFileURL(join(folder, 'kept/'))
  await keep(sample, place)
  expect([...(await kept(place)).values()]).toEqual([sample])
})

test('what failed once does not fail again', async () => {
  for (const [name, sample] of await kept()) {
    await expect(compare(sample, join(folder, name)), name).resolves.toBeDefined()
  }
})
