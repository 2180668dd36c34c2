import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  Chunk,
  Encoder,
  EncoderCheckpoint,
  Format,
  Row,
  Schema,
} from '../../../src/contracts/index.ts'
import { concatBytes, totalBytes } from '../../../src/core/bytes.ts'
import { blockOfRows } from '../../../src/core/rows/block-builder.ts'
import { parquetColumns } from '../../../src/formats/parquet/columns/index.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { type ParquetOptions, parquet } from '../../../src/formats/parquet/index.ts'
import { duckdb } from '../duckdb.ts'
import { parquetByHyparquet } from '../readers.ts'

// A call with a row that does not fit takes nothing, and the encoder goes on.

const flat: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'text', type: 'string', nullable: true },
    { name: 'big', type: 'int64', nullable: true },
  ],
}
const nested: Schema = {
  fields: [
    ...flat.fields,
    { name: 'long', type: 'int64', nullable: true },
    {
      name: 'tags',
      nullable: true,
      type: { kind: 'list', element: { type: 'string', nullable: true } },
    },
    {
      name: 'at',
      nullable: true,
      type: {
        kind: 'struct',
        fields: [
          { name: 'x', type: 'double', nullable: false },
          { name: 'raw', type: 'bytes', nullable: true },
          { name: 'any', type: 'variant', nullable: true },
        ],
      },
    },
  ],
}

const fallback = (options: ParquetOptions = {}): Format =>
  parquetFormat({ onFallback: () => {}, ...options }, () => {
    throw new WebAssembly.CompileError()
  })
const writers = { kernels: parquet<Row>, fallback }
type Writer = keyof typeof writers

function flatRow(id: number): Row {
  return {
    id,
    text: id % 5 === 0 ? null : `é${'x'.repeat(id % 40)}`,
    big: id % 7 === 0 ? 2n ** 60n : BigInt(id),
  }
}

function nestedRow(id: number): Row {
  return {
    ...flatRow(id),
    long: id % 50 === 0 ? 2n ** 61n : id,
    tags: id % 4 === 0 ? null : Array.from({ length: id % 3 }, (_, n) => (n ? null : `t${id}`)),
    at: id % 6 === 0 ? null : { x: id / 7, raw: Uint8Array.of(id), any: id % 2 ? id : `${id}` },
  }
}

/** What has some members that fit, before the one that does not. */
const faults: readonly ((row: Row) => unknown)[] = [
  (row) => ({ ...row, big: 'x' }),
  (row) => ({ ...row, text: 'a\ud800' }),
  (row) => ({ ...row, other: 1 }),
  (row) => ({ ...row, tags: ['a', 'b', '\ud800'], at: { x: 'x' } }),
  (row) => ({
    ...row,
    get big() {
      throw new Error('not today')
    },
  }),
  () => null,
]

async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
  return 'taken'
}

describe.each(Object.entries(writers))('%s', (_, create) => {
  test.each([undefined, flat])('go on behind a misfit, columns as %j', async (schema) => {
    const options = { rowGroupRows: 3 }
    const encoder = create(options).encoder({ schema })
    const chunks: Chunk[] = [...(await encoder.write([flatRow(0), flatRow(1)]))]
    chunks.push(...(await encoder.write([flatRow(2), flatRow(3)])))
    const place = encoder.checkpoint?.()
    expect(place).toMatchObject({ rows: 3, bytes: totalBytes(chunks) })
    // Row groups end in the middle of it.
    const misfit = [...[4, 5, 6, 7, 8].map(flatRow), { id: 'x' }]
    await expect(async () => encoder.write(misfit)).rejects.toMatchObject({
      code: 'invalid-record',
      message: 'Row 9 of the file: /id needs an integer of 32 bits, not the string "x"',
    })
    expect(encoder.checkpoint?.()).toEqual(place)
    chunks.push(...(await encoder.write([flatRow(4)])))
    chunks.push(...(await encoder.close()).chunks)
    const rows = [0, 1, 2, 3, 4].map(flatRow)
    expect(await parquetByHyparquet(concatBytes(chunks))).toEqual(rows)
  })

  test('what is refused before the columns are known leaves no trace in them', async () => {
    const encoder = create({ rowGroupRows: 4 }).encoder()
    await encoder.write([{ a: 1 }])
    // The columns are inferred within it, with a b, and without what comes behind.
    const first = [{ a: 2, b: 1 }, { a: 3 }, { a: 4 }, { a: 'x' }]
    expect(await codeOf(() => encoder.write(first))).toBe('invalid-record')
    expect(await codeOf(() => encoder.write([{ c: 1 }, null as never]))).toBe('invalid-record')
    expect(encoder.checkpoint?.()).toBe(undefined)
    await encoder.write([{ a: 'text' }])
    const { chunks } = await encoder.close()
    expect(await parquetByHyparquet(concatBytes(chunks))).toEqual([{ a: 1 }, { a: 'text' }])
  })

  test('rows that fail themselves are not taken either', async () => {
    function* broken(): Iterable<Row> {
      yield flatRow(2)
      yield flatRow(3)
      throw new Error('no more')
    }
    const encoder = create({ rowGroupRows: 2 }).encoder({ schema: flat })
    await encoder.write([flatRow(1)])
    await expect(async () => encoder.write(broken())).rejects.toThrow('no more')
    const { chunks } = await encoder.close()
    expect(await parquetByHyparquet(concatBytes(chunks))).toEqual([flatRow(1)])
  })
})

interface Call {
  readonly rows: readonly Row[]
  /** How they are given. */
  readonly as: 'array' | 'iterable' | 'block'
}

function given({ rows, as }: Call): Iterable<Row> {
  if (as === 'array') return rows
  return as === 'block' ? (blockOfRows(rows)?.block ?? rows) : rows.values()
}

const calls = fc.array(
  fc.record({
    count: fc.nat({ max: 80 }),
    as: fc.constantFrom('array', 'iterable', 'block'),
    fault: fc.option(fc.record({ kind: fc.nat({ max: faults.length - 1 }), at: fc.nat() }), {
      freq: 2,
    }),
    resumes: fc.boolean(),
  }),
  { maxLength: 12 },
)
const options = fc.record({
  rowGroupRows: fc.integer({ min: 1, max: 90 }),
  rowGroupBytes: fc.integer({ min: 100, max: 5000 }),
})

test.each<[Writer, string, Schema | undefined, (id: number) => Row]>([
  ['kernels', 'declared', flat, flatRow],
  ['kernels', 'inferred', undefined, flatRow],
  ['kernels', 'nested', nested, nestedRow],
  ['kernels', 'inferred nested', undefined, nestedRow],
  ['fallback', 'declared', flat, flatRow],
  ['fallback', 'inferred', undefined, flatRow],
])(
  'by %s, of %s columns, the file has the rows of the calls that resolved',
  {
    timeout: 60_000,
  },
  async (writer, _, schema, makeRow) => {
    const property = async (
      made: typeof calls extends fc.Arbitrary<infer T> ? T : never,
      settings: ParquetOptions,
    ): Promise<void> => {
      const format = writers[writer]({
        ...settings,
        inference: { nested: writer === 'kernels' ? 'columns' : 'whole' },
      })
      let encoder: Encoder = format.encoder({ schema })
      const taken: Call[] = []
      let written: Chunk[] = []
      let next = 0
      for (const { count, as, fault, resumes } of made) {
        const rows: Row[] = Array.from({ length: count }, () => makeRow(next++))
        if (fault && count > 0) {
          const at = fault.at % count
          rows[at] = faults[fault.kind]?.(rows[at] as Row) as Row
        }
        const call = { rows, as }
        try {
          written.push(...(await encoder.write(given(call))))
          taken.push(call)
        } catch (error) {
          expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-record' })
          expect((error as Error).message).toMatch(/^Row \d+ of the file: /)
          // What is inferred may be too narrow for rows that come later.
          if (schema) expect(fault).not.toBe(null)
        }
        const from: EncoderCheckpoint | undefined = resumes ? encoder.checkpoint?.() : undefined
        if (!from) continue
        const before = concatBytes(written)
        expect(before.byteLength).toBe(from.bytes)
        encoder = format.encoder({ schema, from })
        const rest = taken.flatMap(({ rows }) => rows).slice(from.rows)
        written = [before, ...(await encoder.write(rest))]
      }
      const file = concatBytes([...written, ...(await encoder.close()).chunks])
      const alone = format.encoder({ schema })
      const chunks: Chunk[] = []
      for (const call of taken) chunks.push(...(await alone.write(given(call))))
      expect(file).toEqual(concatBytes([...chunks, ...(await alone.close()).chunks]))
      const ids = taken.flatMap(({ rows }) => rows.map(({ id }) => id))
      expect((await parquetByHyparquet(file)).map(({ id }) => id)).toEqual(ids)
      if (ids.length === 0) return
      const found = await duckdb(file, 'parquet', 'select id, text from $file')
      const texts = taken.flatMap(({ rows }) => rows.map(({ id, text }) => [id, text ?? null]))
      expect(found.rows).toEqual(texts)
    }
    await fc.assert(fc.asyncProperty(calls, options, property), { numRuns: 40 })
  },
)

test('columns that do not fit are not taken, and the encoder goes on', async () => {
  for (const schema of [undefined, flat]) {
    const encoder = parquetColumns({ schema, rowGroupRows: 3 })
    const chunks: Chunk[] = []
    expect(await codeOf(() => encoder.write({ id: [1], text: ['a', 'b'] }))).toBe('invalid-record')
    chunks.push(...(await encoder.write({ id: [1, 2], text: ['a', null], big: [1n, 2n ** 62n] })))
    const misfit = { id: [3, 4, 5, 'x'], text: ['a', 'b', 'c', 'd'], big: [1n, 2n, 3n, 4n] }
    expect(await codeOf(() => encoder.write(misfit))).toBe('invalid-record')
    expect(encoder.checkpoint()).toBe(undefined)
    chunks.push(...(await encoder.write({ id: [3, 4], text: ['c', 'd'], big: [3n, 4n] })))
    chunks.push(...(await encoder.close()).chunks)
    expect(await parquetByHyparquet(concatBytes(chunks))).toMatchObject([
      { id: 1, text: 'a' },
      { id: 2, text: null, big: 2n ** 62n },
      { id: 3, text: 'c' },
      { id: 4, text: 'd' },
    ])
  }
})
