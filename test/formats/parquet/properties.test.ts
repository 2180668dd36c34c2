import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare, encode } from './matrix/compare.ts'
import { keep, kept } from './matrix/kept.ts'
import { samples } from './matrix/samples.ts'

const RUNS = Number(process.env.SLUICE_PARQUET_RUNS ?? 100)
const MS_PER_RUN = 500

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('any schema, any rows', () => {
  test('are read back, by hyparquet and by DuckDB', {
    timeout: 30_000 + RUNS * MS_PER_RUN,
  }, async () => {
    const property = fc.asyncProperty(samples, async (sample) => {
      await compare(sample, join(folder, 'file.parquet'))
    })
    const { counterexample, errorInstance } = await fc.check(property, { numRuns: RUNS })
    if (!counterexample) return
    await keep(counterexample[0])
    throw errorInstance
  })

  test('are the same bytes, however they are given', async () => {
    const property = fc.asyncProperty(samples, async (sample) => {
      expect(await encode(sample)).toEqual(await encode({ ...sample, writes: 1 }))
    })
    await fc.assert(property, { numRuns: 50 })
  })
})

test('what failed once does not fail again', async () => {
  for (const [name, sample] of await kept()) {
    await expect(compare(sample, join(folder, name)), name).resolves.toBeDefined()
  }
})
