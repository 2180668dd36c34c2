import { parquetMetadata } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type {
  Bytes,
  Chunk,
  EncoderCheckpoint,
  Format,
  Row,
  Schema,
} from '../../src/contracts/index.ts'
import { concatBytes, equalBytes } from '../../src/core/bytes.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { encode, parquetByHyparquet } from './readers.ts'

/** The file made by two encoders, the second from what JSON keeps of the first one's checkpoint. */
async function inTwo(
  format: Format,
  rows: readonly Row[],
  cut: number,
  schema?: Schema,
): Promise<{ file: Bytes; at: EncoderCheckpoint }> {
  const first = format.encoder({ schema })
  const begun: Chunk[] = [...(await first.write(rows.slice(0, cut)))]
  const at = JSON.parse(JSON.stringify(first.checkpoint?.())) as EncoderCheckpoint
  const second = format.encoder({ schema, from: at })
  const rest = [...(await second.write(rows.slice(at.rows))), ...(await second.close()).chunks]
  return { file: concatBytes([concatBytes(begun).subarray(0, at.bytes), ...rest]), at }
}

const small = (): Format => parquet({ rowGroupRows: 10 })

describe('parquet goes on', () => {
  const edge = (i: number): Row => ({
    wide: i % 2 === 0 ? -(2n ** 63n) : 2n ** 63n - 1n,
    ratio: [-0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324][i % 5],
    zero: -0,
    nan: i % 3 === 0 ? Number.NaN : 1,
    text: `${'a'.repeat(i)}\u{10ffff}`,
    high: '\u{10ffff}'.repeat(40),
    data: new Uint8Array(40).fill(255),
    at: new Date(-1 - i),
    tree: { deep: [2n ** 80n, -0, 'x'.repeat(60)] },
    none: null,
  })

  test('with every bound and index as it was, wherever it is cut', async () => {
    const rows = Array.from({ length: 45 }, (_, i) => edge(i))
    const expected = await encode(small(), rows)
    for (let cut = 10; cut <= 45; cut++) {
      // Without a schema the first write decides the columns.
      const { file, at } = await inTwo(small(), rows, cut)
      expect(at.rows).toBe(Math.floor(cut / 10) * 10)
      expect(equalBytes(file, expected)).toBe(true)
    }
    expect(await parquetByHyparquet(expected)).toHaveLength(45)
  })

  test('with where the pages of its column chunks lie', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ text: String(i).repeat(200_000) }))
    const expected = await encode(small(), rows)
    const [group] = parquetMetadata(expected.buffer).row_groups
    expect(group?.columns[0]?.offset_index_length).toBeGreaterThan(0)
    expect(equalBytes((await inTwo(small(), rows, 15)).file, expected)).toBe(true)
  })

  test('by a state that does not grow with its values', async () => {
    const rows = Array.from({ length: 20 }, () => ({ text: 'x'.repeat(100_000) }))
    const { file, at } = await inTwo(small(), rows, 20)
    expect(at.state.length).toBeLessThan(3000)
    const bounds = parquetMetadata(file.buffer).row_groups[0]?.columns[0]?.meta_data?.statistics
    expect(bounds).toMatchObject({
      min_value: 'x'.repeat(64),
      max_value: `${'x'.repeat(63)}y`,
      is_min_value_exact: false,
      is_max_value_exact: false,
    })
  })

  test('without bounds that no short text stands for', async () => {
    const file = await encode(small(), [{ high: '\u{10ffff}'.repeat(40), data: edge(1).data }])
    const [high, data] = parquetMetadata(file.buffer).row_groups[0]?.columns ?? []
    expect(high?.meta_data?.statistics?.max_value).toBeUndefined()
    expect(data?.meta_data?.statistics?.max_value).toHaveLength(40)
  })

  test('only as a file of the same rows per group, codec and columns', async () => {
    const rows = Array.from({ length: 20 }, (_, id) => ({ id }))
    const { at } = await inTwo(small(), rows, 10)
    const others = [
      parquet({ rowGroupRows: 11 }),
      parquet({ rowGroupRows: 10, codec: 'none' }),
      parquet({ rowGroupRows: 10, metadata: { a: 'b' } }),
      parquet(),
      jsonl(),
    ]
    for (const other of others) {
      expect(() => other.encoder({ from: at })).toThrow(
        expect.objectContaining({ code: 'not-supported' }),
      )
    }
  })
})

test('csv goes on by the columns of its first rows, with its header written or still due', async () => {
  const schema: Schema = { fields: [{ name: 'a', type: 'string', nullable: true }] }
  for (const format of [csv(), csv({ header: false, delimiter: ';', formulas: 'escape' })]) {
    const rows = [{ a: '=1', b: 'x;y' }, { b: ' ' }, { a: null }]
    const expected = await encode(format, rows)
    for (const cut of [1, 2, 3]) expect((await inTwo(format, rows, cut)).file).toEqual(expected)
    const from = format.encoder({ schema }).checkpoint?.()
    const empty = concatBytes([...(await format.encoder({ schema, from }).close()).chunks])
    expect(empty).toEqual(await encode(format, [], schema))
  }
})

test.each([
  ['delimiter', csv({ delimiter: ';' })],
  ['header', csv({ header: false })],
  ['formulas', csv({ formulas: 'escape' })],
])('csv does not go on with another %s', async (_, other) => {
  const { at } = await inTwo(csv(), [{ a: 1 }], 1)
  expect(() => other.encoder({ from: at })).toThrow(
    expect.objectContaining({ code: 'not-supported' }),
  )
})
