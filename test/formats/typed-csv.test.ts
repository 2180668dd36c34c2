import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FieldType, Schema } from '../../src/contracts/index.ts'
import { keyText } from '../../src/core/schemas/map-entries.ts'
import { valueFault } from '../../src/core/schemas/value-fault.ts'
import { csv } from '../../src/formats/csv.ts'
import { csvRows } from '../../src/inputs/csv.ts'
import { anyTyped } from '../core/schemas/arbitraries.ts'
import { encode } from './readers.ts'

const columnOf = (type: FieldType): Schema => ({ fields: [{ name: 'v', type, nullable: false }] })

async function written(type: FieldType, value: unknown, delimiter = ','): Promise<Uint8Array> {
  return encode(csv({ header: false, delimiter }), [{ v: value }], columnOf(type))
}

const UUID = '00112233-4455-6677-8899-aabbccddeeff'

describe('csv writes columns of a type in one form', () => {
  test.each<[FieldType, unknown, string]>([
    ['date', new Date('2026-02-28'), '2026-02-28'],
    ['date', '2026-02-28', '2026-02-28'],
    ['date', new Date('+010000-01-01'), '+010000-01-01'],
    ['date', new Date(5), '1970-01-01T00:00:00.005Z'],
    ['timestamp', new Date(5), '1970-01-01T00:00:00.005Z'],
    ['timestamp', '1970-01-01T01:00+01:00', '1970-01-01T00:00:00.000Z'],
    ['timestamp', 'soon', 'soon'],
    ['uuid', UUID.toUpperCase(), UUID],
    ['uuid', Uint8Array.from({ length: 16 }, (_, i) => i * 17), UUID],
    ['uint64', 2n ** 64n - 1n, '18446744073709551615'],
    ['float16', 0.1, '0.1'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '12.5', '12.5'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, 12n, '12'],
    [{ kind: 'time', unit: 'ms', utc: false }, 1, '00:00:00.001'],
    [{ kind: 'time', unit: 'us', utc: false }, '12:30:00', '12:30:00.000000'],
    [{ kind: 'timestamp', unit: 'us', utc: true }, new Date(5), '1970-01-01T00:00:00.005000Z'],
    [{ kind: 'timestamp', unit: 'us', utc: false }, 5n, '1970-01-01T00:00:00.000005'],
    [{ kind: 'list', element: { type: 'int8', nullable: true } }, [1, null], '"[1,null]"'],
    [
      { kind: 'list', element: { type: 'date', nullable: true } },
      [new Date('2026-02-28'), 'x', undefined],
      '"[""2026-02-28"",""x"",null]"',
    ],
    [
      {
        kind: 'struct',
        fields: [
          { name: 'd', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: true },
          { name: 'u', type: 'uuid', nullable: true },
        ],
      },
      { d: 12n, u: UUID.toUpperCase(), more: new Date(0) },
      `"{""d"":""12"",""u"":""${UUID}"",""more"":""1970-01-01T00:00:00.000Z""}"`,
    ],
    [
      { kind: 'map', key: 'date', value: { type: 'int8', nullable: true } },
      new Map([[new Date(0), 1]]),
      '"{""1970-01-01"":1}"',
    ],
    [
      { kind: 'map', key: 'string', value: { type: 'int8', nullable: true } },
      { a: 1 },
      '"{""a"":1}"',
    ],
  ])('%j: %o as %s', async (type, value, text) => {
    expect(new TextDecoder().decode(await written(type, value))).toBe(`${text}\n`)
  })

  test('in quotes where the delimiter is one of its characters', async () => {
    const time: FieldType = { kind: 'time', unit: 'ms', utc: false }
    expect(new TextDecoder().decode(await written(time, 1, ':'))).toBe('"00:00:00.001"\n')
  })

  test('and reads them back as values of the type, equal to what was written', async () => {
    await fc.assert(
      fc.asyncProperty(anyTyped, async ({ type, value }) => {
        fc.pre(csv().check({ v: value }) === undefined)
        const schema = columnOf(type)
        const read: unknown[] = []
        const file = await written(type, value)
        // What is empty cannot be told from what is not there.
        fc.pre(file.byteLength > '""\n'.length)
        for await (const row of csvRows([file], { schema, columns: ['v'] })) read.push(row.v)
        expect(read).toHaveLength(1)
        expect(valueFault(type, read[0])).toBeUndefined()
        // Nested data and what agrees on no type have no text of their own to compare.
        const word = typeof type === 'string' ? type : type.kind
        if (['json', 'variant', 'list', 'map', 'struct'].includes(word)) return
        expect(keyText(type, read[0])).toBe(keyText(type, value))
      }),
      { numRuns: 1000 },
    )
  })
})
