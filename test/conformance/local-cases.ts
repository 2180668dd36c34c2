import { type Format, memoryLog, memoryStore } from 'sluice'
import { csv } from 'sluice/formats/csv'
import { gzip } from 'sluice/formats/gzip'
import { jsonl } from 'sluice/formats/jsonl'
import { parquet } from 'sluice/formats/parquet'
import { formatSuite, logSuite, type SuiteCase, storeSuite } from 'sluice/testing'
import { csvByPapaParse, gunzip, jsonlByJsonParse, parquetByHyparquet } from '../formats/readers.ts'
import type { MatrixCase } from './matrix-case.ts'
import { msglcCases } from './msglc-cases.ts'
import { parquetBytesCases } from './parquet-bytes.ts'

/** The published suites over what needs no server and no file system. */
export function localCases(): readonly MatrixCase[] {
  const capabilities = { multipart: { minPartBytes: 1000 } }
  const store = storeSuite({ create: async () => ({ store: memoryStore({ capabilities }) }) })
  const reopen = () => Promise.reject(new Error('A memory log does not outlive its process'))
  const create = async () => ({ log: memoryLog(), reopen })
  return [
    ...matrixCases('store: memory', store),
    ...formatCases(),
    ...parquetBytesCases(),
    ...msglcCases('msglc: memory', async () => ({ store: memoryStore({ capabilities }) })),
    ...matrixCases('log: memory', logSuite({ durable: false, create })),
  ]
}

/** Every runtime here has WebAssembly: what the fallback writes would pass as well, and say nothing of the kernels. */
function byKernels(): Format {
  return parquet({
    onFallback(error) {
      throw error
    },
  })
}

function formatCases(): readonly MatrixCase[] {
  const subjects = {
    jsonl: { create: () => jsonl(), read: jsonlByJsonParse },
    csv: { create: () => csv(), read: csvByPapaParse },
    parquet: { create: byKernels, read: parquetByHyparquet },
    'jsonl.gz': {
      create: () => gzip(jsonl()),
      read: async (file, schema) => jsonlByJsonParse(await gunzip(file), schema),
    },
  } satisfies Record<string, Parameters<typeof formatSuite>[0]>
  return Object.entries(subjects).flatMap(([name, options]) =>
    matrixCases(`format: ${name}`, formatSuite(options)),
  )
}

/** A case that a suite leaves out by itself (the log suite's, of what is durable) is none here. */
export function matrixCases(suite: string, cases: readonly SuiteCase[]): readonly MatrixCase[] {
  return cases
    .filter(({ skip }) => skip === undefined)
    .map(({ name, run }) => ({
      suite,
      name,
      async run() {
        await run()
        return 'passed'
      },
    }))
}
