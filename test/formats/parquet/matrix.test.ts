import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INSTALL_MS, pythonThatHas, pythonWith } from '../../../scripts/test-python.ts'
import { asPythonHolds, type PythonReader, pythonReader } from './matrix/by-python.ts'
import { CASES, cases } from './matrix/cases.ts'
import { mapCells } from './matrix/cells.ts'
import { compare } from './matrix/compare.ts'

const SAMPLE = 100
const FILES = Number(process.env.SLUICE_PARQUET_FILES ?? SAMPLE)
const SEED = Number(process.env.SLUICE_SEED ?? 20_261_121)
const REQUIREMENTS = new URL('requirements.txt', import.meta.url)
const MS_PER_FILE = 500

let folder = ''
let readers: readonly PythonReader[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-'))
  try {
    const python = await findPython()
    readers = [pythonReader(python, 'pyarrow'), pythonReader(python, 'polars')]
  } catch (error) {
    const why = (error as Error).message
    console.warn(`skipped: Parquet files read by pyarrow and polars: ${why}`)
  }
}, 2 * INSTALL_MS)

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.stop()))
  await rm(folder, { recursive: true })
})

/** A sample takes what is there; the proof installs it. */
async function findPython(): Promise<string> {
  if (FILES > SAMPLE) return pythonWith(REQUIREMENTS)
  const python = await pythonThatHas(['pyarrow', 'polars'], REQUIREMENTS)
  if (python) return python
  throw new Error('no Python has them; `npm run prove parquet` makes one')
}

describe(`${FILES} of ${CASES} files`, () => {
  test('are read back as they were written', {
    timeout: 30_000 + FILES * MS_PER_FILE,
  }, async () => {
    const failures: string[] = []
    let tried = 0
    for (const sample of cases(FILES, SEED)) {
      const path = join(folder, 'file.parquet')
      tried++
      try {
        const expected = await compare(sample, path)
        const held = mapCells(sample.schema, expected, asPythonHolds)
        for (const reader of readers) {
          if (sample.refusedBy.includes(reader.name) || !reader.reads(sample.schema)) continue
          expect(await reader.cells(path, sample.schema), `by ${reader.name}`).toEqual(held)
        }
      } catch (error) {
        failures.push(`${sample.name}: ${(error as Error).message}`)
      }
    }
    expect(failures.slice(0, 10), `${failures.length} of ${tried} files`).toEqual([])
    expect(tried).toBe(Math.min(FILES, CASES))
  })
})
