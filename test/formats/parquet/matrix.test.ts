import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INSTALL_MS } from '../../../scripts/test-python.ts'
import type { Row, Schema } from '../../../src/contracts/index.ts'
import { asPythonHolds, POLARS_PANIC, type PythonReader, pythonReader } from './matrix/by-python.ts'
import { CASES, type Case, cases } from './matrix/cases.ts'
import { mapCells, rowCells } from './matrix/cells.ts'
import { compare, encode } from './matrix/compare.ts'
import type { ParquetOptions } from './matrix/subject.ts'
import { FILES, NO_PYTHON, readersPython } from './readers-python.ts'

const SEED = Number(process.env.SLUICE_SEED ?? 20_261_121)
const MS_PER_FILE = 500
const LEAST_SHARE = 0.8

let folder = ''
let readers: readonly PythonReader[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-'))
  const python = await readersPython()
  if (python === undefined) return
  readers = [pythonReader(python, 'pyarrow'), pythonReader(python, 'polars')]
}, 2 * INSTALL_MS)

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.stop()))
  await rm(folder, { recursive: true })
})

describe(`${FILES} of ${CASES} files are read back as they were written`, () => {
  const timeout = 30_000 + FILES * MS_PER_FILE

  test('by hyparquet and DuckDB', { timeout }, async () => {
    await readEach(async (sample, path) => {
      await compare(sample, path)
      return !sample.refusedBy.includes('DuckDB')
    })
  })

  test.for(['pyarrow', 'polars'])('by %s', { timeout }, async (name, { skip }) => {
    const reader = readers.find((one) => one.name === name)
    if (reader === undefined) return skip(NO_PYTHON)
    await readEach((sample, path) => isReadBy(reader, sample, path))
  })
})

/** `read` tells whether its reader has read the file; it has to read most of them, so that what one is not asked does not grow unseen. */
async function readEach(read: (sample: Case, path: string) => Promise<boolean>): Promise<void> {
  const path = join(folder, 'file.parquet')
  const failures: string[] = []
  let tried = 0
  let found = 0
  for (const sample of cases(FILES, SEED)) {
    tried++
    try {
      if (await read(sample, path)) found++
    } catch (error) {
      failures.push(`${sample.name}: ${(error as Error).message}`)
    }
  }
  expect(failures.slice(0, 10), `${failures.length} of ${tried} files`).toEqual([])
  expect(tried).toBe(Math.min(FILES, CASES))
  expect(found / tried).toBeGreaterThanOrEqual(LEAST_SHARE)
}

async function isReadBy(reader: PythonReader, sample: Case, path: string): Promise<boolean> {
  const { schema, rows } = sample
  if (sample.refusedBy.includes(reader.name) || !reader.reads(schema)) return false
  await writeFile(path, await encode(sample))
  try {
    const held = mapCells(schema, rowCells(schema, rows), asPythonHolds)
    expect(await reader.cells(path, schema)).toEqual(held)
    return true
  } catch (error) {
    const isKnown = sample.panicsPolars && POLARS_PANIC.test((error as Error).message)
    if (isKnown) return false
    throw error
  }
}

describe('several pages of what only a struct around it makes null', () => {
  const schema: Schema = {
    fields: [
      {
        name: 'v',
        nullable: true,
        type: {
          kind: 'struct',
          fields: [
            { name: 'whole', type: 'int64', nullable: false },
            { name: 'real', type: 'double', nullable: false },
            { name: 'text', type: 'string', nullable: false },
          ],
        },
      },
    ],
  }
  const rows: readonly Row[] = Array.from({ length: 1000 }, (_, n) => ({
    v: n === 3 ? null : { whole: n, real: Math.sqrt(n), text: `user ${n}` },
  }))
  const path = (): string => join(folder, 'struct.parquet')
  const encodings = async (options: ParquetOptions): Promise<readonly string[]> => {
    await compare({ schema, rows, options }, path())
    const { row_groups } = parquetMetadata((await readFile(path())).buffer)
    const columns = row_groups.flatMap((group) => group.columns)
    return columns.flatMap(({ meta_data }) => meta_data?.encodings ?? [])
  }
  const byPolars = (): ReturnType<PythonReader['cells']> | undefined =>
    readers.find(({ name }) => name === 'polars')?.cells(path(), schema)

  test('are read by polars as they are encoded by default', async ({ skip }) => {
    const onePage = await encodings({})
    expect(onePage).toContain('DELTA_BINARY_PACKED')
    expect(onePage).toContain('BYTE_STREAM_SPLIT')
    const chosen = new Set(await encodings({ pageBytes: 500 }))
    expect(chosen).toEqual(new Set(['PLAIN', 'RLE']))
    if (readers.length === 0) skip(NO_PYTHON)
    expect(await byPolars()).toEqual(rowCells(schema, rows))
  })

  // Once it does not, `panicsPolars` and `NULL_BY_STRUCT` have no reason any more.
  test('are what polars panics at, where they are told to be of differences', async ({ skip }) => {
    if (readers.length === 0) skip(NO_PYTHON)
    const columns = { 'v.whole': { encoding: 'delta_binary_packed' } } as const
    await encodings({ pageBytes: 500, columns })
    await expect(byPolars()).rejects.toThrow(POLARS_PANIC)
  })
})
