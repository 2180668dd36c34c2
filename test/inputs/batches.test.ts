import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Refused, Row, Source } from '../../src/contracts/index.ts'
import { approximateBytes } from '../../src/core/sizes.ts'
import { type BatchOptions, csvBatches, type RecordBatch } from '../../src/inputs/csv.ts'
import { jsonArrayBatches, ndjsonBatches, ndjsonRows } from '../../src/inputs/json.ts'
import { bytes, cut, cuts } from './outcome.ts'

/** What was read of a batch, in its order. */
function inOrder({ rows, refused }: RecordBatch): (Row | string)[] {
  const records: (Row | string)[] = [...rows]
  for (const { index, raw } of refused) records.splice(index, 0, raw)
  return records
}

describe('batches', () => {
  const read: [string, string, (source: Source<Uint8Array>) => AsyncIterable<RecordBatch>][] = [
    ['csvBatches', 'a\n1\n1,1\n2\n', (source) => csvBatches(source, { batchRecords: 2 })],
    [
      'ndjsonBatches',
      '{"a":"1"}\n1,1\n{"a":"2"}',
      (source) => ndjsonBatches(source, { batchRecords: 2 }),
    ],
    [
      'jsonArrayBatches',
      '[{"a":"1"},"1,1",{"a":"2"}]',
      (source) => jsonArrayBatches(source, { batchRecords: 2 }),
    ],
  ]
  test.each(read)(
    '%s gives rows and what could not be read in their places',
    async (_, text, from) => {
      const batches = await Array.fromAsync(from([bytes(text)]))
      expect(batches).toEqual([
        {
          rows: [{ a: '1' }],
          refused: [expect.objectContaining({ index: 1, code: 'invalid-record' })],
        },
        { rows: [{ a: '2' }], refused: [] },
      ])
    },
  )

  test('hold every record once, in order, and end with the record that fills them', async () => {
    const line = fc.constantFrom('{"a":1}', '{"b":"some text"}', 'no', '[]', 'x'.repeat(40), '')
    const limit = fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        cuts,
        limit,
        limit,
        async (lines, sizes, batchRecords, batchBytes) => {
          const source = (): Uint8Array[] => cut(bytes(lines.join('\n')), sizes)
          const expected: (Row | string)[] = []
          const onReject = ({ raw }: Refused): void => void expected.push(raw)
          for await (const row of ndjsonRows(source(), { onReject })) expected.push(row)

          const batches = await Array.fromAsync(
            ndjsonBatches(source(), { batchRecords, batchBytes }),
          )
          expect(batches.flatMap(inOrder)).toEqual(expected)
          for (const [place, batch] of batches.entries()) {
            const records = inOrder(batch)
            const last = records.at(-1)
            const size = (some: typeof records): number =>
              some.reduce<number>(
                (sum, one) => sum + (typeof one === 'string' ? one.length : approximateBytes(one)),
                0,
              )
            const isFull = (some: typeof records): boolean =>
              some.length >= (batchRecords ?? 2000) || size(some) >= (batchBytes ?? 1024 * 1024)
            expect(last).toBeDefined()
            expect(isFull(records.slice(0, -1))).toBe(false)
            if (place < batches.length - 1) expect(isFull(records)).toBe(true)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('of input that cannot be read at all are given while it is read', async () => {
    const line = bytes(`no JSON ${'x'.repeat(1000)}\n`)
    let chunks = 0
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          chunks++
          controller.enqueue(line)
        },
      },
      { highWaterMark: 0 },
    )
    for await (const { rows, refused } of ndjsonBatches(endless, { batchBytes: 100_000 })) {
      expect(rows).toEqual([])
      expect(refused).toHaveLength(100)
      break
    }
    expect(chunks).toBe(100)
  })

  test('an input that breaks off gives what came before', async () => {
    const batches: RecordBatch[] = []
    const reading = async (): Promise<void> => {
      for await (const batch of jsonArrayBatches([bytes('[{"a":1},')])) batches.push(batch)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'invalid-record' })
    expect(batches).toEqual([{ rows: [{ a: 1 }], refused: [] }])
  })

  test.each([{ batchRecords: 0 }, { batchBytes: 1.5 }] as BatchOptions[])(
    '%o is refused',
    (limits) => {
      expect(() => ndjsonBatches([], limits)).toThrow(
        expect.objectContaining({ code: 'invalid-options' }),
      )
    },
  )
})
