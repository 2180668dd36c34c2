import { describe, expect, test } from 'vitest'
import type { Format, Row, Schema } from '../../../src/contracts/index.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import type { ParquetOptions } from '../../../src/formats/parquet/options.ts'
import { formatSuite } from '../../../src/testing/format-suite.ts'
import { duckdb } from '../duckdb.ts'
import { encode, parquetByHyparquet } from '../readers.ts'

/** As a platform without WebAssembly answers. */
function forbidden(): never {
  throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder')
}

const quiet = (): void => {}
const fallback = (options: ParquetOptions = {}): Format =>
  parquetFormat({ onFallback: quiet, ...options }, forbidden)

describe('where WebAssembly is forbidden', () => {
  for (const { name, run } of formatSuite({ create: () => fallback(), read: parquetByHyparquet })) {
    test(name, run)
  }

  test('a page ends by its bytes', async () => {
    const rows: Row[] = Array.from({ length: 500 }, (_, n) => ({ n: `${n}` }))
    const [one, many] = [
      await encode(fallback({ codec: 'none' }), rows),
      await encode(fallback({ codec: 'none', pageBytes: 100 }), rows),
    ]
    expect(await parquetByHyparquet(many)).toEqual(await parquetByHyparquet(one))
    expect(many.byteLength).toBeGreaterThan(one.byteLength + 300)
  })

  test('files read back equal', async () => {
    const rows: Row[] = Array.from({ length: 500 }, (_, i) => ({
      id: i,
      big: 2n ** 60n + BigInt(i),
      at: new Date(i * 1000),
      ratio: i / 7,
      name: `n${i % 10}`,
      on: i % 2 === 0,
      data: i % 3 ? Uint8Array.of(i) : null,
      tree: { deep: [i] },
    }))
    const options = { rowGroupRows: 100, metadata: { a: 'b' } }
    const [ours, theirs] = [
      await encode(parquet(options), rows),
      await encode(fallback(options), rows),
    ]
    expect(await parquetByHyparquet(theirs)).toEqual(await parquetByHyparquet(ours))
  })

  test('times are moments in UTC to DuckDB, as the kernels write them', async () => {
    const rows = [{ seen: new Date(5) }]
    const types = ['typeof(seen)', 'epoch_ms(seen)']
    const query = `select ${types.join(', ')} from $file`
    const found = await duckdb(await encode(fallback(), rows), 'parquet', query)
    expect(found.rows).toEqual([['TIMESTAMP WITH TIME ZONE', 5n]])
  })

  test('moments may be text there too', async () => {
    const schema: Schema = { fields: [{ name: 'at', type: 'timestamp', nullable: false }] }
    const file = await encode(fallback(), [{ at: '1970-01-01T01:00:00.007+01:00' }], schema)
    expect(await parquetByHyparquet(file)).toEqual([{ at: new Date(7) }])
  })

  test('it is announced, once, with the reason', async () => {
    const told: unknown[] = []
    const format = fallback({ onFallback: (error) => told.push(error) })
    for (let i = 0; i < 3; i++) await encode(format, [{ a: i }])
    expect(told).toEqual([expect.any(WebAssembly.CompileError)])
  })

  test.each([
    ['a type', {}, 'uuid'],
    ['sortedBy', { sortedBy: [{ column: 'v' }] }, 'int32'],
    ['a compressor', { codec: { name: 'gzip', compress: (page: Uint8Array) => page } }, 'int32'],
  ] as const)('%s that needs it is refused by name', async (_, options, type) => {
    const schema: Schema = { fields: [{ name: 'v', type, nullable: true }] }
    await expect(encode(fallback(options), [{ v: null }], schema)).rejects.toMatchObject({
      code: 'not-supported',
      message: expect.stringContaining('needs WebAssembly'),
    })
  })

  test.each<[Row, string]>([
    [{ s: 'x', n: 'x' }, '/n needs an integer of 32 bits, not the string "x"'],
    [{ s: 'a\ud800' }, '/s holds a lone surrogate, which UTF-8 cannot express'],
  ])('a row that does not fit is named as the kernels name it: %j', async (row, why) => {
    const schema: Schema = {
      fields: [
        { name: 'n', type: 'int32', nullable: true },
        { name: 's', type: 'string', nullable: false },
      ],
    }
    const rows: readonly Row[] = [{ n: 1, s: 'é' }, { s: '' }, { n: 2, s: 'z' }, row]
    for (const create of [fallback, parquet]) {
      await expect(encode(create({ rowGroupRows: 2 }), rows, schema)).rejects.toMatchObject({
        code: 'invalid-record',
        message: `Row 3 of the file: ${why}`,
      })
    }
  })

  test('a file is not gone on with by the other writer', async () => {
    const rows = Array.from({ length: 20 }, (_, a) => ({ a }))
    const first = parquet({ rowGroupRows: 10 }).encoder()
    await first.write(rows)
    const from = first.checkpoint?.()
    expect(() => fallback({ rowGroupRows: 10 }).encoder({ from })).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
  })
})
