import { describe, expect, test } from 'vitest'
import { batchesOf, recordsOf } from '../../src/browser/records-of.ts'
import { typesOf } from '../../src/browser/types-of.ts'
import type { Refused, Row } from '../../src/contracts/index.ts'

const CSV = 'id,name\n1,a\n2,b\n'
const LINES = '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n'
const LIST = '[{"id":1,"name":"a"},{"id":2,"name":"b"}]'
const ROWS = [
  { id: 1, name: 'a' },
  { id: 2, name: 'b' },
]
const TEXTS = [
  { id: '1', name: 'a' },
  { id: '2', name: 'b' },
]

async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  return Array.fromAsync(rows)
}

describe('recordsOf', () => {
  test.each([
    ['data.csv', '', CSV, TEXTS],
    ['DATA.CSV', 'application/vnd.ms-excel', CSV, TEXTS],
    ['data.ndjson', '', LINES, ROWS],
    ['data.jsonl', 'application/json', LINES, ROWS],
    ['data.json', '', LIST, ROWS],
    ['download', 'text/csv;charset=utf-8', CSV, TEXTS],
    ['download', 'application/json', LIST, ROWS],
    ['download', 'application/x-ndjson', LINES, ROWS],
  ])('reads %s of type "%s"', async (name, type, text, rows) => {
    expect(await all(recordsOf(new File([text], name, { type })))).toEqual(rows)
  })

  test.each([
    ['photo.png', 'image/png'],
    ['data', ''],
    ['data.csv.zip', ''],
  ])('refuses %s at once, by name', (name, type) => {
    const file = new File([CSV], name, { type })
    expect(() => recordsOf(file)).toThrow(
      expect.objectContaining({ code: 'not-supported', message: expect.stringContaining(name) }),
    )
    expect(() => typesOf(file)).toThrow(expect.objectContaining({ code: 'not-supported' }))
  })

  test('tells of records that cannot be read, and goes on', async () => {
    const refused: Refused[] = []
    const file = new File(['{"id":1}\n7\n{"id":2}\n'], 'data.ndjson')
    const rows = await all(recordsOf(file, { onReject: (one) => refused.push(one) }))
    expect(rows).toEqual([{ id: 1 }, { id: 2 }])
    expect(refused).toMatchObject([{ index: 1, code: 'invalid-record', raw: '7' }])
    await expect(all(recordsOf(file))).rejects.toMatchObject({ code: 'invalid-record' })
  })

  test('leaving the loop cancels the stream', async () => {
    let cancelled = false
    const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode(LINES)),
        cancel: () => {
          cancelled = true
        },
      })
    for await (const row of recordsOf({ name: 'endless.ndjson', type: '', stream })) {
      expect(row).toEqual(ROWS[0])
      break
    }
    expect(cancelled).toBe(true)
  })
})

describe('typesOf', () => {
  const file = (name: string): File => new File([], name)
  const typesIn = (name: string, ...batches: Row[][]): string[] => {
    const types = typesOf(file(name))
    for (const batch of batches) types.add(batch)
    return types
      .schema()
      .fields.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '?' : ''}`)
  }

  test('a CSV column has the type that all of its texts are, over all batches', () => {
    expect(
      typesIn(
        'data.csv',
        [
          {
            whole: '1',
            large: '3000000000',
            part: '1',
            day: '2024-02-29',
            yes: 'true',
            gap: '1',
            mixed: '1',
          },
        ],
        [
          {
            whole: '2',
            large: '1',
            part: '0.5',
            day: '2024-03-01',
            yes: 'FALSE',
            gap: null,
            mixed: 'x',
          },
        ],
      ),
    ).toEqual([
      'whole int32',
      'large int64',
      'part double',
      'day timestamp',
      'yes boolean',
      'gap int32?',
      'mixed string',
    ])
  })

  test('its types turn the texts into values', async () => {
    const data = new File([CSV], 'data.csv')
    const types = typesOf(data)
    types.add(await all(recordsOf(data)))
    expect(await all(recordsOf(data, { schema: types.schema() }))).toEqual(ROWS)
  })

  test('JSON has types of its own: texts stay texts', () => {
    expect(typesIn('data.json', [{ id: '1', n: 1, list: [1] }])).toEqual([
      'id string',
      'n int32',
      'list json',
    ])
  })
})

describe('batchesOf', () => {
  test.each([
    ['data.csv', 'id,name\n1,a\n1\n2,b\n', TEXTS],
    ['data.ndjson', '{"id":1,"name":"a"}\n1\n{"id":2,"name":"b"}\n', ROWS],
    ['data.json', '[{"id":1,"name":"a"},1,{"id":2,"name":"b"}]', ROWS],
  ])('gives what cannot be read in its place: %s', async (name, text, rows) => {
    const file = new File([text], name)
    expect(await Array.fromAsync(batchesOf(file))).toMatchObject([
      { rows, refused: [{ index: 1, code: 'invalid-record', raw: '1' }] },
    ])
    expect(await Array.fromAsync(batchesOf(file, { batchRecords: 2 }))).toHaveLength(2)
    expect(() => batchesOf(new File([text], 'photo.png'))).toThrow(/none of \.csv/)
  })
})
