import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { FieldType, Format, Row, Schema } from '../../../src/contracts/index.ts'
import { gzipCodec } from '../../../src/formats/parquet/codecs/gzip.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { type ParquetOptions, parquet } from '../../../src/formats/parquet/index.ts'
import { createSink } from '../../../src/sinks/create-sink.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { parquetByHyparquet } from '../readers.ts'

// A sink where WebAssembly is forbidden: what it acknowledges, it can write.

const fallback = (options: ParquetOptions = {}): Format =>
  parquetFormat({ onFallback: () => {}, ...options }, () => {
    throw new WebAssembly.CompileError()
  })

function columns(type: FieldType): Schema {
  return { fields: [{ name: 'a', type, nullable: true }] }
}

describe('what cannot be written is refused when the sink opens', () => {
  test.each<[string, ParquetOptions, FieldType | undefined, unknown]>([
    ['/a of type decimal(5, 2)', {}, { kind: 'decimal', precision: 5, scale: 2 }, '1.00'],
    ['/a of type date', {}, 'date', '2026-01-01'],
    ['/a of type uint64', {}, 'uint64', 1n],
    ['/a of type list', {}, { kind: 'list', element: { type: 'int32', nullable: true } }, [1]],
    ['a compressor', { codec: gzipCodec() }, undefined, 1],
    ['a compressor', { codec: gzipCodec() }, 'int32', 1],
    ['sortedBy', { sortedBy: [{ column: 'a' }] }, undefined, 1],
  ])('%s', async (what, options, type, value) => {
    const schema = type && columns(type)
    const refused = expect.objectContaining({
      code: 'not-supported',
      message: expect.stringMatching(`^${what.replace(/[()]/g, '.')}.* needs WebAssembly`),
    })
    expect(() => fallback(options).encoder({ schema })).toThrow(refused)
    const store = memoryStore()
    const sink = createSink({ store, format: fallback(options), schema })
    await expect(sink.write([{ a: value }])).rejects.toThrow(refused)
    await sink.abort()
    expect(await Array.fromAsync(store.list())).toEqual([])
  })

  test('the kernels tell likewise of options that the columns do not have', async () => {
    const format = parquet({ columns: { b: { bloomFilter: true } } })
    const sink = createSink({ store: memoryStore(), format, schema: columns('int32') })
    await expect(sink.write([{ a: 1 }])).rejects.toMatchObject({ code: 'invalid-options' })
    await sink.abort()
  })
})

describe('what is inferred is written as it can be', () => {
  async function written(
    sink: ReturnType<typeof createSink>,
    store: ReturnType<typeof memoryStore>,
    rows: readonly Row[],
  ) {
    await expect(sink.write(rows)).resolves.toMatchObject({ accepted: rows.length, rejected: [] })
    const { files } = await sink.close()
    const file = await store.get(files[0]?.key as string)
    return await parquetByHyparquet(await (file as NonNullable<typeof file>).bytes())
  }

  test('rows that disagree, and nested ones, as JSON', async () => {
    const rows = [
      { a: 1, b: { c: 1 } },
      { a: 'x', b: { c: 2 } },
    ]
    const store = memoryStore()
    const format = fallback({ inference: { mixed: 'variant', nested: 'columns' } })
    expect(await written(createSink({ store, format }), store, rows)).toEqual(rows)
  })

  test('columns that only a validator names, as texts', async () => {
    const id = '00112233-4455-6677-8899-aabbccddeeff'
    const schema = z.object({ id: z.uuid(), n: z.int() })
    for (const format of [fallback(), parquet()]) {
      const store = memoryStore()
      const rows = [{ id, n: 1 }]
      const read = await written(createSink({ store, format, schema }) as never, store, rows)
      expect(read).toEqual([{ id, n: expect.anything() }])
    }
  })
})
