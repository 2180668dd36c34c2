import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes, Chunk, Field, FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../../src/core/bytes.ts'
import { blockOfRows } from '../../../src/core/rows/block-builder.ts'
import type { RowBlock } from '../../../src/core/rows/row-block.ts'
import { type ParquetOptions, parquet } from '../../../src/formats/parquet/index.ts'

async function fileOf(
  batches: Iterable<Iterable<Row>>,
  schema: Schema,
  options: ParquetOptions = {},
): Promise<Bytes> {
  const encoder = parquet(options).encoder({ schema })
  const chunks: Chunk[] = []
  for (const batch of batches) chunks.push(...(await encoder.write(batch)))
  chunks.push(...(await encoder.close()).chunks)
  return concatBytes(chunks)
}

function blockOf(rows: readonly Row[]): RowBlock {
  const built = blockOfRows(rows)
  if (!built) throw new Error('It is no block')
  return built.block
}

const nullable = (name: string, type: FieldType): Field => ({ name, type, nullable: true })

const numbers = fc.double({ min: -1e-300, max: 1e-300 })
const texts = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'grapheme' }))
const dates = fc.date({ noInvalidDate: true })

/** What a row may hold besides the types that have an array of their own. */
const KINDS: readonly (readonly [FieldType, fc.Arbitrary<unknown>])[] = [
  ['json', numbers],
  ['json', texts],
  ['json', dates],
  ['variant', fc.double()],
  ['variant', texts],
  ['double', fc.double()],
  ['double', fc.integer()],
  ['int64', fc.integer()],
  ['string', texts],
  ['timestamp', dates],
  ['boolean', fc.boolean()],
  ['float32', fc.integer({ min: -100, max: 100 })],
]

const MANY_LEAVES: FieldType = {
  kind: 'struct',
  fields: Array.from({ length: 40 }, (_, n) => nullable(`m${n}`, 'int32')),
}

describe('a block gives the bytes of rows one by one', () => {
  test('whatever its columns are kept as, and wherever row groups end', async () => {
    const columns = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 })
    const batches = columns.chain((kinds) => {
      const members = kinds.map(([, value]) => fc.option(value, { freq: 20 }))
      const row = fc
        .tuple(...members)
        .map((values) => Object.fromEntries(values.map((value, i) => [`c${i}`, value])) as Row)
      const rows = fc.array(row, { minLength: 8, maxLength: 60 })
      const schema: Schema = {
        fields: [
          ...kinds.map(([type], i) => nullable(`c${i}`, type)),
          nullable('absent', MANY_LEAVES),
          nullable('also', { kind: 'list', element: { type: 'int32', nullable: true } }),
        ],
      }
      return fc.tuple(fc.constant(schema), fc.array(rows, { minLength: 1, maxLength: 4 }))
    })
    const rowGroupBytes = fc.integer({ min: 1000, max: 12_000 })
    await fc.assert(
      fc.asyncProperty(batches, rowGroupBytes, async ([schema, all], bytes) => {
        const options = { rowGroupBytes: bytes }
        const expected = await fileOf([all.flat().values()], schema, options)
        const file = await fileOf(all.map(blockOf), schema, options)
        expect(equalBytes(file, expected)).toBe(true)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })
})

describe('a block with rows that do not fit', () => {
  const schema: Schema = {
    fields: [nullable('n', 'int8'), nullable('small', 'uint8'), nullable('at', 'timestamp')],
  }
  const at = new Date(0)
  const rows = (): Row[] => Array.from({ length: 30 }, (_, n) => ({ n, small: n, at }))
  const failure = async (changed: Row[], of: Schema): Promise<unknown> => {
    const messages = [blockOf(changed), changed.values()].map((batch) =>
      fileOf([rows(), batch], of).then(
        () => 'taken',
        (error: Error) => error.message,
      ),
    )
    const [block, oneByOne] = await Promise.all(messages)
    expect(block).toBe(oneByOne)
    return block
  }

  test('names the first of them, whatever its column', async () => {
    const changed = rows()
    changed[20] = { n: 1000, small: 1, at }
    changed[10] = { n: 1, small: 1000, at }
    expect(await failure(changed, schema)).toMatch(/^Row 40 of the file: \/small/)
  })

  test('takes no numbers for moments or days, as which a column keeps them', async () => {
    for (const type of ['timestamp', 'date'] as const) {
      const others = rows().map((row) => ({ ...row, at: 5 }))
      const of: Schema = { fields: [...schema.fields.slice(0, 2), nullable('at', type)] }
      expect(await failure(others, of)).toMatch(/^Row 30 of the file: \/at/)
    }
  })
})
