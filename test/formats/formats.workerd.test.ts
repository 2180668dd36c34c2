import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/contracts/index.ts'
import { csv } from '../../src/formats/csv.ts'
import { gzip } from '../../src/formats/gzip.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/workerd.ts'
import { fromCsv } from '../../src/inputs/csv.ts'
import { fromJsonArray, fromNdjson } from '../../src/inputs/json.ts'
import { type FormatSuiteOptions, formatSuite } from '../../src/testing/format-suite.ts'
import { registerSuite } from '../stores/register.ts'
import { csvByPapaParse, gunzip, jsonlByJsonParse, parquetByHyparquet } from './readers.ts'

const subjects: Record<string, FormatSuiteOptions> = {
  jsonl: { create: () => jsonl(), read: jsonlByJsonParse },
  csv: { create: () => csv(), read: csvByPapaParse },
  parquet: { create: () => parquet(), read: parquetByHyparquet },
  'jsonl.gz': {
    create: () => gzip(jsonl()),
    read: async (file, schema) => jsonlByJsonParse(await gunzip(file), schema),
  },
}

describe.each(Object.entries(subjects))('%s in workerd', (_, options) => {
  registerSuite(formatSuite(options))
})

describe('gzip in workerd', () => {
  test('does not let the file gather in the compressor', async () => {
    const encoder = gzip(jsonl()).encoder()
    let came = 0
    let given = 0
    for (let i = 0; i < 300; i++) {
      const rows = Array.from({ length: 500 }, () => ({ id: crypto.randomUUID() }))
      for (const chunk of await encoder.write(rows)) came += chunk.byteLength
      given += 500 * 36
    }
    // 128 random bits are 16 of the 36 bytes of each id.
    expect(came).toBeGreaterThan((given * 16) / 36 - 256 * 1024)
    await encoder.close()
  })
})

describe.each([
  ['fromCsv', fromCsv, 'a\n1\n2\n', [{ a: '1' }, { a: '2' }]],
  ['fromNdjson', fromNdjson, '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
  ['fromJsonArray', fromJsonArray, '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
] as const)('%s in workerd', (_, from, text, expected) => {
  test('reads the body of a request', async () => {
    const { body } = new Request('https://sluice.test', { method: 'POST', body: text })
    const rows: Row[] = []
    for await (const row of body?.pipeThrough(from()) ?? []) rows.push(row)
    expect(rows).toEqual(expected)
  })

  test('ends with the error of a bad record', async () => {
    const { body } = new Request('https://sluice.test', { method: 'POST', body: `${text}"` })
    const read = async (): Promise<void> => {
      for await (const _row of body?.pipeThrough(from()) ?? []);
    }
    await expect(read()).rejects.toMatchObject({ code: 'invalid-record' })
  })
})
