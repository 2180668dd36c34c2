import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv } from '../../scripts/start/csv-reader.ts'
import { csvRows } from '../../src/inputs/csv.ts'
import { scratch } from './tools.ts'

const LONG = 'x'.repeat(1024 * 1024)

async function read(text: string): Promise<unknown[]> {
  await using folder = await scratch()
  const path = join(folder.path, 'input.csv')
  await writeFile(path, text)
  return await Array.fromAsync(readCsv(path))
}

describe('the reader of CSV that Sluice is compared with', () => {
  test.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['a header', 'a,b\r\n', []],
    ['a byte order mark, and no last line end', '\ufeffa,b\n1,2', [{ a: '1', b: '2' }]],
    ['empty lines', '\n\r\na\n\n1\r\n\n""\n\n', [{ a: '1' }, { a: '' }]],
    [
      'quotes',
      'a,b\n"x, ""y""\r\nz","" \r\n,p"q\n',
      [
        { a: 'x, "y"\r\nz', b: '' },
        { a: '', b: 'p"q' },
      ],
    ],
    ['lines of another width', 'a,b\n1\n1,2,3\n4,5\n', [undefined, undefined, { a: '4', b: '5' }]],
    ['a quote with something behind it', 'a\n"b"x\n1\n', [undefined, { a: '1' }]],
    ['a quote that nobody closes', 'a\n"b\n1\n2\n', [undefined, { a: '1' }, { a: '2' }]],
    ['a record that is too large', `a\n${LONG}x\n1\n`, [undefined, { a: '1' }]],
    ['one that just is not', `a\n${LONG}\r\n`, [{ a: LONG }]],
    ['a header with a broken quote', 'a,"b"x\n1,2\n', []],
    ['line ends that are none', 'a\n1\u2028\u0085\r2\n', [{ a: '1\u2028\u0085\r2' }]],
    ['the name __proto__', '__proto__\n1\n', [JSON.parse('{"__proto__":"1"}')]],
  ])('%s', async (_what, text, records) => {
    expect(await read(text)).toEqual(records)
  })

  test('finds what Sluice finds, whatever the text', async () => {
    const letters = fc.constantFrom('x', '"', '"', ',', '\n', '\n', '\r\n', '\r', ' ', 'é')
    // With a last line end: white space behind a closing quote counts for Sluice where the file ends without one.
    const texts = fc.array(letters, { maxLength: 40 }).map((found) => `a,b\n${found.join('')}\n`)
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const outcome: unknown[] = []
        const onReject = (): void => void outcome.push(undefined)
        const source = [new TextEncoder().encode(text)]
        for await (const row of csvRows(source, { onReject })) outcome.push(row)
        const records = (await read(text)) as (Record<string, string> | undefined)[]
        // Sluice has no empty text.
        const nulled = records.map(
          (record) => record && { a: record.a || null, b: record.b || null },
        )
        expect(nulled).toEqual(outcome)
      }),
      { numRuns: 300 },
    )
  })
})
