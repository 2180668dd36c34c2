import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { lz4Block } from '../../src/cli/lz4-block.ts'
import { brotliCodec } from '../../src/formats/parquet/codecs/brotli.ts'
import { gzipCodec } from '../../src/formats/parquet/codecs/gzip.ts'
import { lz4Codec } from '../../src/formats/parquet/codecs/lz4.ts'
import { zlibCodec } from '../../src/formats/parquet/codecs/zlib.ts'
import { zstdCodec } from '../../src/formats/parquet/codecs/zstd.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import type { ParquetOptions } from '../../src/formats/parquet/options.ts'
import { encode } from '../formats/readers.ts'
import { runHere, temporaryFolder } from './tools.ts'

const rows = Array.from({ length: 500 }, (_, id) => ({
  id,
  city: 'Bern'.repeat(id % 9),
  path: `/${(id * 7919) % 1000}`,
}))
const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const CODECS: Readonly<Record<string, NonNullable<ParquetOptions['codec']>>> = {
  none: 'none',
  snappy: 'snappy',
  gzip: gzipCodec(),
  zstd: zstdCodec(),
  lz4: lz4Codec(),
  brotli: brotliCodec(),
  'zstd of node:zlib': zlibCodec(zlib, 'zstd'),
}

describe('head of Parquet', () => {
  test.each(Object.entries(CODECS))('reads what is compressed by %s', async (_, codec) => {
    const path = join(await temporaryFolder(), 'file.parquet')
    await writeFile(path, await encode(parquet({ codec }), rows))
    expect(await runHere(['head', '-n', '500', path])).toEqual({
      status: 0,
      stdout: lines,
      stderr: '',
    })
  })

  test('reads the LZ4 that others write', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'file.parquet')
    await writeFile(join(folder, 'rows.json'), lines)
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      `COPY (FROM read_json('${join(folder, 'rows.json')}')) TO '${path}' (COMPRESSION lz4_raw)`,
    )
    connection.closeSync()
    expect(await runHere(['head', '-n', '500', path])).toMatchObject({ status: 0, stdout: lines })
  })

  test.each(['LZ4', 'LZO'] as const)('names %s, which it does not read', async (codec) => {
    const path = join(await temporaryFolder(), 'file.parquet')
    const file = parquetWriteBuffer({
      columnData: [{ name: 'id', data: [1, 2, 3], type: 'INT32' }],
      codec,
      compressors: { [codec]: (page: Uint8Array) => page },
    })
    await writeFile(path, new Uint8Array(file))
    const head = await runHere(['head', path])
    expect(head).toMatchObject({ status: 1, stdout: '' })
    expect(head.stderr).toMatch(new RegExp(`^sluice: not-supported: .* ${codec}\\b.*\n$`))
  })
})

describe('a block of LZ4', () => {
  const pages = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat({ max: 400 })))
    .map((parts) =>
      Uint8Array.from(
        parts.flatMap(([bytes, n]) =>
          Array(n)
            .fill([...bytes])
            .flat(),
        ),
      ),
    )

  test('holds the page that it was made of', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const block = lz4Codec().compress(page) as Uint8Array
        expect(Buffer.compare(lz4Block(block, page.length), page)).toBe(0)
      }),
    )
  })

  const block = lz4Codec().compress(new TextEncoder().encode(lines)) as Uint8Array
  const refused = expect.objectContaining({ code: 'invalid-record' })

  test.each([
    ['more than it says', block, lines.length - 1],
    ['less than it says', block, lines.length + 1],
    ['less than anything could', block, 2 ** 40],
    ['a match before its beginning', Uint8Array.of(0x10, 7, 2, 0, 0), 6],
    ['a match at no distance', Uint8Array.of(0x10, 7, 0, 0, 0), 6],
    ['literals beyond its end', Uint8Array.of(0x50, 7), 5],
  ])('is refused when it holds %s', (_, bytes, length) => {
    expect(() => lz4Block(bytes, length)).toThrow(refused)
  })

  test('is refused wherever it is cut', () => {
    for (let end = 0; end < block.length; end += 11) {
      expect(() => lz4Block(block.subarray(0, end), lines.length)).toThrow(refused)
    }
  })
})
