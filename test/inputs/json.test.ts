import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Refused, Row } from '../../src/contracts/index.ts'
import { fromJsonArray, fromNdjson, jsonArrayRows, ndjsonRows } from '../../src/inputs/json.ts'
import { bytes, cut, cuts, type Outcome, outcome } from './outcome.ts'

const ndjson = (input: string | Uint8Array, options = {}) =>
  outcome((source) => ndjsonRows(source, options), [bytes(input)])
const array = (input: string | Uint8Array, options = {}) =>
  outcome((source) => jsonArrayRows(source, options), [bytes(input)])

describe('ndjsonRows', () => {
  test('reads lines however they end, and passes blank ones and a byte order mark over', async () => {
    const { rows, error } = await ndjson(
      '\ufeff{"a":1}\r\n\n  \t\r\n {"a":"é\u2028😀"} \n{"a":12345678901234567890}',
    )
    expect(error).toBeUndefined()
    expect(rows).toEqual([{ a: 1 }, { a: 'é\u2028😀' }, { a: 12345678901234567890n }])
  })

  test.each(['', '\n', '\ufeff', ' \r\n\n'])('finds no rows in %j', async (input) => {
    expect(await ndjson(input)).toEqual({ rows: [], error: undefined })
  })

  test('gives the rows before a bad line, then says where it is', async () => {
    const { rows, error } = await ndjson('{"é":1}\n\n{"a":}\n{"a":2}\n')
    expect(rows).toEqual([{ é: 1 }])
    expect(error).toMatchObject({ code: 'invalid-record' })
    expect(error?.message).toMatch(/^Line 3 \(byte 10\): The text is not JSON: .* at position 5$/)
  })

  test.each([
    ['[1]', 'not a list'],
    ['"x"', 'not a string'],
    ['5', 'not a number'],
    ['null', 'not null'],
    ['{} {}', 'end of input'],
    ['{"a":NaN}', 'not JSON'],
    ['{"a":1e999}', 'beyond the range of doubles'],
    [`{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'deeper than 64'],
  ])('refuses %s', async (input, message) => {
    const { error } = await ndjson(input)
    expect(error).toMatchObject({
      code: 'invalid-record',
      message: expect.stringContaining(message),
    })
  })

  test('tells onReject of each bad line, and goes on', async () => {
    const refused: Refused[] = []
    const bad = new Uint8Array([...bytes('{"a":1}\n{"a":"'), 0xff, ...bytes('"}\n[]\n{"a":2}\n{')])
    const { rows, error } = await ndjson(bad, { onReject: (each: Refused) => refused.push(each) })
    expect(error).toBeUndefined()
    expect(rows).toEqual([{ a: 1 }, { a: 2 }])
    expect(refused.map(({ index, code, path, raw }) => ({ index, code, path, raw }))).toEqual([
      { index: 1, code: 'invalid-record', path: '', raw: '{"a":"\ufffd"}' },
      { index: 2, code: 'invalid-record', path: '', raw: '[]' },
      { index: 4, code: 'invalid-record', path: '', raw: '{' },
    ])
    expect(refused.map(({ message }) => message.split(':')[0])).toEqual([
      'Line 2 (byte 8)',
      'Line 3 (byte 18)',
      'Line 5 (byte 29)',
    ])
  })

  test('bounds a record, whether it came whole or not', async () => {
    const long = JSON.stringify({ a: 'é'.repeat(50) })
    const exact = bytes(long).byteLength
    expect((await ndjson(long, { maxRecordBytes: exact })).rows).toHaveLength(1)
    for (const size of [1, 7, 1000]) {
      const refused: Refused[] = []
      const options = { maxRecordBytes: exact - 1, onReject: (each: Refused) => refused.push(each) }
      const source = cut(bytes(`{"b":1}\n${long}\n{"b":2}\n${long}`), [size])
      const { rows } = await outcome((from) => ndjsonRows(from, options), source)
      expect(rows).toEqual([{ b: 1 }, { b: 2 }])
      expect(refused.map(({ code, index }) => [code, index])).toEqual([
        ['too-large', 1],
        ['too-large', 3],
      ])
      expect(refused[1]?.message).toMatch(/^Line 4 \(byte 125\): /)
    }
    expect((await ndjson(long, { maxRecordBytes: 10 })).error).toMatchObject({ code: 'too-large' })
    expect(() => ndjsonRows([], { maxRecordBytes: 0 })).toThrow(/maxRecordBytes/)
  })

  test('gives the same for any chunks', async () => {
    const line = fc.oneof(
      fc.json().map((text) => `{"é😀":${text}}`),
      fc.constantFrom(
        '',
        ' ',
        '\r',
        '{}',
        '{',
        '[]',
        '\ufeff',
        '{"a":"\u{10ffff}"}',
        `{"a":"${'x'.repeat(100)}"}`,
      ),
    )
    const text = fc.tuple(
      fc.constantFrom('', '\ufeff'),
      fc.array(line, { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
    )
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.nat(255), { maxLength: 2 }),
        cuts,
        async ([mark, lines, ending], noise, sizes) => {
          const input = new Uint8Array([...bytes(mark + lines.join(ending)), ...noise])
          const read = (source: Uint8Array[]): Promise<Outcome> =>
            outcome((from, onReject) => ndjsonRows(from, { onReject, maxRecordBytes: 90 }), source)
          expect(await read(cut(input, sizes))).toEqual(await read([input]))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('jsonArrayRows', () => {
  test('reads the elements of one array', async () => {
    const input =
      '\ufeff [ {"a":"],[{\\"\\\\"},\n{"b":[1,{"c":[]}],"d":{}} , {"e":12345678901234567890}\r\n] \n'
    expect((await array(input)).rows).toEqual([
      { a: '],[{"\\' },
      { b: [1, { c: [] }], d: {} },
      { e: 12345678901234567890n },
    ])
    expect(await array(' [ ] ')).toEqual({ rows: [], error: undefined })
  })

  test.each([
    ['', 0, 'opening bracket'],
    ['{"a":1}', 0, 'opening bracket'],
    ['{"a":1}\n{"a":2}', 0, 'opening bracket'],
    ['[', 1, 'ends'],
    ['[{"a":1}', 8, 'ends'],
    ['[{"a":1},', 9, 'ends'],
    ['[{"a":1},]', 9, 'after the comma'],
    ['[,{}]', 1, 'record or a closing bracket'],
    ['[{}] [{}]', 5, 'nothing may follow'],
    ['[{}],', 4, 'nothing may follow'],
  ])('refuses %j at byte %i, with or without onReject', async (input, at, message) => {
    for (const options of [{}, { onReject: () => {} }]) {
      const { error } = await array(input, options)
      expect(error).toMatchObject({ code: 'invalid-record' })
      expect(error?.message).toContain(`The input is not one JSON array: at byte ${at}, `)
      expect(error?.message).toContain(message)
    }
  })

  test('tells onReject of each bad element, and goes on', async () => {
    const refused: Refused[] = []
    const input = `[{"a":1}, 5, {"a" 1}, {"a":"${'x'.repeat(50)}"}, {"a":2}]`
    const { rows } = await array(input, {
      maxRecordBytes: 40,
      onReject: (each: Refused) => refused.push(each),
    })
    expect(rows).toEqual([{ a: 1 }, { a: 2 }])
    expect(
      refused.map(({ index, code, message, raw }) => [
        index,
        code,
        message.split(':')[0],
        raw.length,
      ]),
    ).toEqual([
      [1, 'invalid-record', 'Record 2 (byte 10)', 1],
      [2, 'invalid-record', 'Record 3 (byte 13)', 7],
      [3, 'too-large', 'Record 4 (byte 22)', 40],
    ])
    expect((await array(input)).error?.message).toMatch(
      /^Record 2 \(byte 10\): A record is an object, not a number/,
    )
  })

  test('gives the same for any chunks, and what JSON.parse finds', async () => {
    const elements = fc.array(
      fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(
        elements,
        fc.constantFrom(undefined, 1),
        cuts,
        async (value, indent, sizes) => {
          const text = JSON.stringify(value, null, indent)
          const { rows, error } = await outcome(
            (source) => jsonArrayRows(source),
            cut(bytes(text), sizes),
          )
          expect(error).toBeUndefined()
          const rounded = JSON.stringify(rows, (_, each: unknown) =>
            typeof each === 'bigint' ? Number(each) : each,
          )
          expect(rounded).toBe(JSON.stringify(value))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('gives the same for any chunks of anything', async () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      '\\',
      ' ',
      '1',
      '{"a":1}',
      '{"a":"é"}',
      'x'.repeat(60),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), cuts, async (pieces, sizes) => {
        const input = bytes(`[${pieces.join('')}`)
        const read = (source: Uint8Array[]): Promise<Outcome> =>
          outcome((from, onReject) => jsonArrayRows(from, { onReject, maxRecordBytes: 50 }), source)
        expect(await read(cut(input, sizes))).toEqual(await read([input]))
      }),
      { numRuns: 300 },
    )
  })
})

describe.each([
  ['fromNdjson', fromNdjson, (row: string) => `${row}\n`, ''],
  ['fromJsonArray', fromJsonArray, (row: string) => `${row},`, '['],
])('%s', (_, from, element, start) => {
  test('is pulled row by row: nothing is read ahead of the reader', async () => {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(bytes((pulled === 0 ? start : '') + element('{"a":1}')))
          pulled++
        },
      },
      { highWaterMark: 0 },
    )
    const reader = endless.pipeThrough(from()).getReader()
    for (let i = 0; i < 5; i++) {
      expect(await reader.read()).toEqual({ done: false, value: { a: 1 } })
    }
    for (let i = 0; i < 1000; i++) await Promise.resolve()
    // One is on its way in each half of the pipe.
    expect(pulled).toBeLessThanOrEqual(8)
    await reader.cancel()
  })

  test('parses no more of a chunk than is read', async () => {
    let refused = 0
    const chunk = bytes(start + element('{"a":1}') + element('5').repeat(1000))
    const source = new Blob([chunk as Uint8Array<ArrayBuffer>]).stream()
    const reader = source.pipeThrough(from({ onReject: () => refused++ })).getReader()
    expect(await reader.read()).toEqual({ done: false, value: { a: 1 } })
    for (let i = 0; i < 1000; i++) await Promise.resolve()
    expect(refused).toBe(0)
    await reader.cancel()
  })

  test('ends with the error of its first bad record', async () => {
    const source = new Blob([start, element('{"a":1}'), element('{')]).stream()
    const rows: Row[] = []
    const read = async (): Promise<void> => {
      for await (const row of source.pipeThrough(from())) rows.push(row)
    }
    await expect(read()).rejects.toMatchObject({ code: 'invalid-record' })
    expect(rows).toEqual([{ a: 1 }])
  })

  test('passes an error of the source on', async () => {
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.error(new Error('the line is cut'))
      },
    })
    await expect(source.pipeThrough(from()).getReader().read()).rejects.toThrow('the line is cut')
  })
})
