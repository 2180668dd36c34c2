import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, test } from 'vitest'
import type { FieldType, Refused, Schema } from '../../src/contracts/index.ts'
import { type CsvInputOptions, csvRows, fromCsv } from '../../src/inputs/csv.ts'
import { bytes, cut, cuts, type Outcome, outcome } from './outcome.ts'

const csv = (input: string | Uint8Array, options: CsvInputOptions = {}) =>
  outcome((source) => csvRows(source, options), [bytes(input)])

/** What Papa Parse is given, and how many records it finds in that, until the scope is left. */
function parsingWork() {
  const { Parser } = Papa
  const work = {
    characters: 0,
    records: 0,
    [Symbol.dispose]() {
      Papa.Parser = Parser
    },
  }
  Papa.Parser = class extends Parser {
    constructor(config: Papa.ParseConfig) {
      const { step } = config as Papa.ParseLocalConfig
      const counted: typeof step = (results, parser) => {
        work.records++
        step?.(results, parser)
      }
      super({ ...config, step: counted } as Papa.ParseConfig)
      const { parse } = this
      this.parse = (input, ...rest) => {
        work.characters += input.length
        return parse.call(this, input, ...rest)
      }
    }
  }
  return work
}

const rowsOf = async (input: string, options: CsvInputOptions = {}): Promise<unknown> => {
  const { rows, error } = await csv(input, options)
  if (error) throw error
  return rows
}

const MICROSECONDS: FieldType = { kind: 'timestamp', unit: 'us', utc: true }
const LIST: FieldType = { kind: 'list', element: { type: MICROSECONDS, nullable: true } }

describe('csvRows', () => {
  test('reads quotes, line ends of both kinds, blank lines and a byte order mark', async () => {
    const input = '\ufeffa,"b ""x"""\r\n1,"x\r\ny"\n\r\n\nü,"q""q, "\r\n,""\n"😀",end'
    expect(await rowsOf(input)).toEqual([
      { a: '1', 'b "x"': 'x\r\ny' },
      { a: 'ü', 'b "x"': 'q"q, ' },
      { a: null, 'b "x"': null },
      { a: '😀', 'b "x"': 'end' },
    ])
  })

  test.each([
    ['a\r\n"x\r"\r\n', [{ a: 'x\r' }]],
    ['a\n"x\r"\n', [{ a: 'x\r' }]],
    ['a,b\r\n1,2\r', [{ a: '1', b: '2' }]],
    ['a,b\r\n1,"2"\r', [{ a: '1', b: '2' }]],
    ['a\n""\n\nx\n', [{ a: null }, { a: 'x' }]],
    ['a,b\n,\n', [{ a: null, b: null }]],
    ['a', []],
    ['', []],
    ['\n\n', []],
  ])('reads %j', async (input, rows) => {
    expect(await rowsOf(input)).toEqual(rows)
  })

  test('takes names and other delimiters', async () => {
    expect(await rowsOf('1;2\n', { delimiter: ';', columns: ['x', '__proto__'] })).toEqual([
      JSON.parse('{"x":"1","__proto__":"2"}'),
    ])
    for (const delimiter of ['', ',,', '"', '\n'])
      expect(() => fromCsv({ delimiter })).toThrow(/cannot be a delimiter/)
    expect(() => fromCsv({ columns: ['a', 'a'] })).toThrow(/twice/)
  })

  test.each([
    ['boolean', 'TRUE', true],
    ['boolean', '1', '1'],
    ['int32', '-5', -5],
    ['int32', '007', '007'],
    ['int32', '1.0', 1],
    ['int32', '1.5', '1.5'],
    ['int32', '3000000000', 3000000000],
    ['int64', '9007199254740993', 9007199254740993n],
    ['int64', '9223372036854775808', '9223372036854775808'],
    ['double', '1e-7', 1e-7],
    ['double', '-0', -0],
    ['double', '-Infinity', Number.NEGATIVE_INFINITY],
    ['double', '0x10', '0x10'],
    ['double', '0e999', 0],
    ['double', '1e999', '1e999'],
    ['double', '-1e999', '-1e999'],
    ['double', '1e-999', '1e-999'],
    ['double', '9'.repeat(400), '9'.repeat(400)],
    ['double', `0.${'0'.repeat(400)}1`, `0.${'0'.repeat(400)}1`],
    ['string', '007', '007'],
    ['timestamp', '2026-02-28T10:00:00Z', new Date('2026-02-28T10:00:00Z')],
    ['timestamp', '5', '5'],
    ['bytes', 'AQI=', Uint8Array.of(1, 2)],
    ['bytes', '!', '!'],
    ['json', '"[1,{""a"":12345678901234567890}]"', [1, { a: 12345678901234567890n }]],
    ['json', 'plain', 'plain'],
    ['variant', '[1]', [1]],
    ['uint8', '256', 256],
    ['uint64', '18446744073709551615', 2n ** 64n - 1n],
    ['uint64', '18446744073709551616', '18446744073709551616'],
    ['uint64', '9'.repeat(1000), '9'.repeat(1000)],
    ['float32', '0.5', 0.5],
    ['enum', 'true', 'true'],
    ['uuid', '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    ['date', '2026-02-28', '2026-02-28'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '-12.50', '-12.50'],
    [{ kind: 'bytes', length: 2 }, 'AQI=', Uint8Array.of(1, 2)],
    [{ kind: 'time', unit: 'ms', utc: false }, '12:30:00', '12:30:00'],
    [{ kind: 'time', unit: 'ms', utc: false }, '5', 5],
    [MICROSECONDS, '1970-01-01 00:00:00.000005Z', 5],
    [MICROSECONDS, '5', 5],
    [MICROSECONDS, '1970-01-01T00:00:00', '1970-01-01T00:00:00'],
    [LIST, '"[5,""1970-01-01T00:00:00.000005Z"",null]"', [5, 5, null]],
    [LIST, '5', 5],
    [LIST, '[5', '[5'],
    [
      {
        kind: 'struct',
        fields: [
          { name: 'b', type: 'bytes', nullable: true },
          { name: 's', type: 'string', nullable: true },
        ],
      },
      '"{""b"":""AQI="",""s"":""AQI="",""t"":""AQI=""}"',
      { b: Uint8Array.of(1, 2), s: 'AQI=', t: 'AQI=' },
    ],
    [
      { kind: 'map', key: 'string', value: { type: 'timestamp', nullable: true } },
      '"{""__proto__"":""1970-01-01""}"',
      JSON.parse('{"__proto__":0}', (key, item) => (key === '' ? item : new Date(item))),
    ],
  ] as [FieldType, string, unknown][])('in a column of %j, %s is %o', async (type, text, value) => {
    const schema: Schema = { fields: [{ name: 'v', type, nullable: true }] }
    expect(await rowsOf(`k,v\n1,${text}\n1,\n`, { schema })).toEqual([
      { k: '1', v: value },
      { k: '1', v: null },
    ])
  })

  test('reads an empty field as text only where nothing else will do', async () => {
    const schema: Schema = { fields: [{ name: 'v', type: 'string', nullable: false }] }
    expect(await rowsOf('v,w\n,\n', { schema })).toEqual([{ v: '', w: null }])
  })

  test('gives the rows before a bad line, then says where it is', async () => {
    const { rows, error } = await csv('a,b\n"é\n",2\n1,2,3\n5,6\n')
    expect(rows).toEqual([{ a: 'é\n', b: '2' }])
    expect(error).toMatchObject({ code: 'invalid-record' })
    expect(error?.message).toBe('Line 4 (byte 12): The line has 3 fields, but there are 2 columns')
  })

  test.each([
    ['a,a\n', /names the column "a" twice/],
    ['a,"b\n1,2\n', /header has a broken quote/],
    ['a,b\r1,2\r', /lines end in \\r alone/],
  ])('refuses the header of %j', async (input, message) => {
    for (const options of [{}, { onReject: () => {} }]) {
      expect((await csv(input, options)).error?.message).toMatch(message)
    }
  })

  test('refuses what is not UTF-8', async () => {
    const latin = new Uint8Array([...bytes('a\n1\n'), 0xe9, ...bytes('t\n')])
    const { error } = await csv(latin)
    expect(error).toMatchObject({
      code: 'invalid-record',
      message: expect.stringContaining('not UTF-8'),
    })
    expect((await csv(latin.subarray(0, 5))).error?.message).toContain('not UTF-8')
  })

  test('tells onHeader of the columns, whether or not a record follows', async () => {
    for (const input of ['\na,"b,c"\n', 'a,"b,c"', 'a,"b,c"\n1,2\n']) {
      const headers: unknown[] = []
      await csv(input, { onHeader: (columns) => headers.push(columns) })
      expect(headers).toEqual([['a', 'b,c']])
    }
  })

  test('tells onReject of each bad line, and goes on with the next one', async () => {
    const refused: Refused[] = []
    const input = 'a,b\n1\n2,"x"y\n3,4\n5,"open\n6,7\n8,9,10\n11,12'
    const { rows, error } = await csv(input, { onReject: (each) => refused.push(each) })
    expect(error).toBeUndefined()
    expect(rows).toEqual([
      { a: '3', b: '4' },
      { a: '6', b: '7' },
      { a: '11', b: '12' },
    ])
    expect(refused.map(({ index, message, raw }) => [index, message.split(' (')[0], raw])).toEqual([
      [0, 'Line 2', '1'],
      [1, 'Line 3', '2,"x"y'],
      [3, 'Line 5', '5,"open'],
      [5, 'Line 7', '8,9,10'],
    ])
  })

  test('bounds a record, with and without a quote that swallows what follows', async () => {
    const long = 'x'.repeat(300)
    for (const bad of [`${long},1`, `"${long}",1`, `"${long}\n${long}`]) {
      for (const sizes of [[1], [50], [100_000]]) {
        const refused: Refused[] = []
        const options = { maxRecordBytes: 100, onReject: (each: Refused) => refused.push(each) }
        const input = `a,b\n1,2\n${bad}\n3,4\n`
        const { rows, error } = await outcome(
          (source) => csvRows(source, options),
          cut(bytes(input), sizes),
        )
        expect(error).toBeUndefined()
        expect(rows).toEqual([
          { a: '1', b: '2' },
          { a: '3', b: '4' },
        ])
        expect(refused[0]).toMatchObject({
          index: 1,
          message: expect.stringMatching(/^Line 3 \(byte 8\)/),
        })
        expect(refused.every(({ raw }) => raw.length <= 302)).toBe(true)
      }
    }
    expect((await csv(`a\n${long}\n`, { maxRecordBytes: 100 })).error).toMatchObject({
      code: 'too-large',
    })
  })

  test('takes linear time for nothing but broken quotes', async () => {
    let refusedLength = 0
    const lines = '"x\n'.repeat(300_000)
    const options = {
      columns: ['a'],
      onReject: ({ raw }: Refused) => (refusedLength += raw.length),
    }
    const { error } = await csv(lines, options)
    expect(error).toBeUndefined()
    expect(refusedLength).toBeGreaterThan(lines.length / 2)
  })

  test.each([
    ['line ends', '\n'],
    ['escaped quotes and line ends', '""\n,'],
  ])('parses a long quoted field of %s once, however small the chunks', async (_, content) => {
    const field = content.repeat(60_000 / content.length)
    const input = bytes(`h\n"${field}"\nlast\n`)
    for (const size of [16, 1024]) {
      using work = parsingWork()
      const { rows } = await outcome(
        (source, onReject) => csvRows(source, { onReject, columns: ['a'] }),
        cut(input, [size]),
      )
      expect(rows.length).toBeGreaterThan(0)
      expect(work.characters).toBeLessThan(4 * input.byteLength)
    }
  })

  test('parses what follows too large lines once', async () => {
    const count = 5000
    for (const line of ['x'.repeat(120), `"${'x'.repeat(60)}\n${'x'.repeat(60)}"`]) {
      const input = bytes(`h\n${`${line}\n`.repeat(count)}`)
      using work = parsingWork()
      let refused = 0
      await outcome(
        (source) => csvRows(source, { maxRecordBytes: 100, onReject: () => refused++ }),
        [input],
      )
      expect(refused).toBeGreaterThanOrEqual(count)
      // Each parse is given the whole slice, and stops at what it cannot take.
      expect(work.records).toBeLessThanOrEqual(3 * count)
    }
  })

  test('gives a row as soon as its line is complete', async () => {
    const lines = ['a,b\n', '1,2\n', '"x\n""y"",\nz" ,3\r\n', '4,"5"\n']
    let given = 0
    async function* source(): AsyncGenerator<Uint8Array> {
      for (const [place, line] of lines.entries()) {
        for (const chunk of cut(bytes(line), [1])) yield chunk
        // The header is no row.
        expect(given).toBe(place)
      }
    }
    for await (const _ of csvRows(source())) given++
    expect(given).toBe(3)
  })

  test('gives the same for any chunks', async () => {
    const piece = fc.constantFrom(
      'a',
      'é',
      '😀',
      ',',
      ',',
      '"',
      '""',
      '\n',
      '\r\n',
      '\n',
      ' ',
      '"x"',
      '\ufeff',
      'y'.repeat(30),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        cuts,
        fc.constantFrom(25, 1000),
        async (pieces, sizes, maxRecordBytes) => {
          const input = bytes(pieces.join(''))
          const read = (source: Uint8Array[]): Promise<Outcome> =>
            outcome(
              (from, onReject) => csvRows(from, { onReject, columns: ['a', 'b'], maxRecordBytes }),
              source,
            )
          expect(await read(cut(input, sizes))).toEqual(await read([input]))
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('gives back any texts that were quoted by the book', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', '\t', 'é', '\ufeff'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field)),
        fc.constantFrom('\n', '\r\n'),
        cuts,
        async (lines, ending, sizes) => {
          const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
          const text = lines.map((fields) => fields.map(quote).join(',') + ending).join('')
          const { rows, error } = await outcome(
            (source) => csvRows(source, { columns: ['a', 'b'] }),
            cut(bytes(text), sizes),
          )
          expect(error).toBeUndefined()
          expect(rows).toEqual(lines.map(([a, b]) => ({ a: a || null, b: b || null })))
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('fromCsv', () => {
  test('parses no more of a chunk than is read', async () => {
    let refused = 0
    const source = new Blob(['a,b\n1,2\n', '1\n'.repeat(1000)]).stream()
    const reader = source.pipeThrough(fromCsv({ onReject: () => refused++ })).getReader()
    expect(await reader.read()).toEqual({ done: false, value: { a: '1', b: '2' } })
    for (let i = 0; i < 1000; i++) await Promise.resolve()
    expect(refused).toBe(0)
    await reader.cancel()
  })
})
