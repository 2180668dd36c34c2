import Papa from 'papaparse'
import type { Row, Schema } from '../contracts/index.ts'
import { ByteBuffer } from '../core/byte-buffer.ts'
import { fromUtf8, utf8, utf8Length } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { convertText } from './convert-text.ts'
import { recordEnd } from './csv-record-end.ts'
import { isLonger, refuseTooLarge } from './parse-record.ts'
import {
  type InputOptions,
  type RecordParser,
  recordCounter,
  type Unreadable,
} from './record-reader.ts'

export interface CsvInputOptions extends InputOptions {
  /** One character. Default `,`. */
  readonly delimiter?: string | undefined
  /** The names of the columns, 10,000 at most, for input without a header line. Absent, the first line names them. */
  readonly columns?: readonly string[] | undefined
  /** Is told the columns' names once they are known by the header line, so also of input without a record. */
  readonly onHeader?: ((columns: readonly string[]) => void) | undefined
  /**
   * The types that texts are turned into, by column name. A text that is no value of its type stays text, so that a sink
   * with this schema rejects the record by name. Columns without a type, and all of them without a schema, are text.
   */
  readonly schema?: Schema | undefined
}

/** A record as Papa Parse found it in the text at hand. */
interface Found {
  readonly fields: readonly string[]
  /** With its line end. */
  readonly raw: string
  /** A quote that is never closed, or closed in the wrong place. */
  readonly broken: boolean
  readonly tooLarge: boolean
  /** A quote in the wrong place may have swallowed good lines. The last one that was found. */
  readonly suspect: boolean
}

/**
 * How much text may be parsed twice because a broken quote had swallowed it. Without a bound, input made of nothing but
 * broken quotes would take quadratic time; behind it, what a quote swallowed is refused as one record.
 */
const RESCAN_LENGTH = 4 * 1024 * 1024

/** Objects of more members are many times as large as their text. */
const MAX_COLUMNS = 10_000

type MakeRow = (fields: readonly string[]) => Row

/**
 * Cuts text into records by Papa Parse's inner `Parser`, which is exported for this: what is behind its last complete
 * record is kept, and parsed again as soon as its end has come, and not before. Papa Parse's own streams cannot be used:
 * they pull from files, Node streams or the network, and give rows without backpressure and without the text that they
 * were.
 */
export function csvParser(options: CsvInputOptions): RecordParser {
  const { delimiter = ',' } = options
  const counter = recordCounter(options)
  const { maxRecordBytes } = counter
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const recordEnds = recordEnd(delimiter)
  let makeRow = options.columns && rowMaker(options.columns, options)
  let width = options.columns?.length ?? 0
  /** The beginning of a record whose end has not come. */
  const held = new ByteBuffer()
  /** The rest of a line that was too large is passed over. */
  let skipping = false
  let rescanned = 0
  /** Where what is held begins. */
  let line = 1
  let offset = 0

  const place = (): string => `Line ${line} (byte ${offset})`

  const refuse = (message: string, raw: string): Unreadable =>
    counter.refuse('invalid-record', place(), message, withoutLineEnd(raw))

  /** `raw` is next, and has been dealt with. */
  const advance = (raw: string): void => {
    offset += utf8Length(raw)
    for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) line++
  }

  /** What is passed over of a record that may have swallowed good lines: its first line. */
  const suspectPart = (raw: string): string => {
    rescanned += raw.length
    return rescanned > RESCAN_LENGTH ? raw : raw.slice(0, raw.indexOf('\n') + 1 || raw.length)
  }

  const take = (fields: readonly string[], raw: string): Row | Unreadable | undefined => {
    if (isLineEnd(raw)) return undefined
    const values = withoutReturn(fields, raw, delimiter)
    if (!makeRow) {
      makeRow = rowMaker(headerOf(values, raw, place()), options)
      width = values.length
      options.onHeader?.(values)
      return undefined
    }
    if (values.length !== width) {
      return refuse(`The line has ${values.length} fields, but there are ${width} columns`, raw)
    }
    counter.taken()
    return makeRow(values)
  }

  /** What becomes of a record that cannot be read: `raw` of it is passed over. */
  const pass = (raw: string, tooLarge: boolean): Unreadable => {
    if (!makeRow) {
      const fault = tooLarge ? 'is too large' : 'has a broken quote'
      throw new SluiceError(
        tooLarge ? 'too-large' : 'invalid-record',
        `${place()}: The header ${fault}`,
      )
    }
    if (tooLarge) return refuseTooLarge(utf8(withoutLineEnd(raw)), counter, place())
    return refuse('A quoted field is not closed, or goes on after its closing quote', raw)
  }

  /** All records that are complete in `text`. What is left is held, unless it is `last`, which completes it. */
  function* drain(text: string, last: boolean): Generator<Row | Unreadable, void, undefined> {
    let rest = text
    for (let again = true; again; ) {
      again = false
      let end = 0
      for (const { fields, raw, broken, tooLarge, suspect } of findRecords(rest, last)) {
        again = suspect
        const done = suspect ? suspectPart(raw) : raw
        const record = broken || tooLarge ? pass(done, tooLarge) : take(fields, raw)
        advance(done)
        end += done.length
        if (record) yield record
      }
      rest = rest.slice(end)
    }
    held.append(utf8(rest))
    recordEnds.restart()
    recordEnds.isIn(rest)
  }

  /** The complete records of a text, up to the first suspect one; `last` says that the text's end completes one. */
  const findRecords = (text: string, last: boolean): readonly Found[] => {
    const found: Found[] = []
    let start = 0
    const parser = new Papa.Parser({
      delimiter,
      // Fixed, since files mix line ends; a `\r` before it is taken off later.
      newline: '\n',
      step({ data, errors, meta }: Papa.ParseStepResult<string[]>) {
        const raw = text.slice(start, meta.cursor)
        start = meta.cursor
        const broken = errors.length > 0
        const tooLarge = isLonger(withoutLineEnd(raw), maxRecordBytes)
        const suspect = broken || (tooLarge && withoutLineEnd(raw).includes('\n'))
        found.push({ fields: data[0] as unknown as string[], raw, broken, tooLarge, suspect })
        if (suspect) parser.abort()
      },
    } as Papa.ParseConfig<string[]>)
    parser.parse(text, 0, !last)
    return found
  }

  /** What is held is one record so far, and may be a quote that swallows everything. */
  function* bound(): Generator<Row | Unreadable, void, undefined> {
    // One more: the `\r` of a line end is no part of the record.
    while (held.byteLength > maxRecordBytes + 1) {
      const text = fromUtf8(held.take())
      const raw = suspectPart(text)
      yield pass(raw, true)
      advance(raw)
      skipping = !raw.endsWith('\n')
      yield* drain(text.slice(raw.length), false)
    }
  }

  return {
    *push(chunk) {
      let added = decode(decoder, chunk, offset)
      if (offset === 0 && held.byteLength === 0 && added.startsWith('\ufeff')) {
        offset = 3
        added = added.slice(1)
      }
      if (skipping) {
        const rest = added.slice(0, added.indexOf('\n') + 1 || added.length)
        skipping = !rest.endsWith('\n')
        advance(rest)
        added = added.slice(rest.length)
      }
      if (recordEnds.isIn(added)) yield* drain(fromUtf8(held.take()) + added, false)
      else held.append(utf8(added))
      yield* bound()
    },
    *end() {
      const text = fromUtf8(held.take()) + decode(decoder, undefined, offset)
      // A `\r` behind a closing quote would be taken for a part of the field.
      if (text !== '') yield* drain(text.endsWith('\r') ? text.slice(0, -1) : text, true)
    },
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, offset: number): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
  } catch (cause) {
    throw new SluiceError(
      'invalid-record',
      `The input is not UTF-8, somewhere behind byte ${offset}; convert it first`,
      { cause },
    )
  }
}

function isLineEnd(raw: string): boolean {
  return raw === '' || raw === '\n' || raw === '\r\n'
}

function withoutLineEnd(raw: string): string {
  return raw.replace(/\r?\n$/, '')
}

/** The `\r` of a line end is in the last field, unless that was quoted: then the line does not end as the field does. */
function withoutReturn(
  fields: readonly string[],
  raw: string,
  delimiter: string,
): readonly string[] {
  const last = fields.at(-1) ?? ''
  if (!last.endsWith('\r') || !raw.endsWith(`${last}\n`)) return fields
  const before = raw.at(-last.length - 2)
  if (before !== undefined && before !== delimiter) return fields
  return [...fields.slice(0, -1), last.slice(0, -1)]
}

function headerOf(names: readonly string[], raw: string, place: string): readonly string[] {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) {
      throw new SluiceError(
        'invalid-record',
        `${place}: The header names the column ${JSON.stringify(name)} twice`,
      )
    }
    if (name.includes('\r') && !raw.includes('"')) {
      throw new SluiceError(
        'invalid-record',
        `${place}: The lines end in \\r alone; only \\n and \\r\\n are read`,
      )
    }
    seen.add(name)
  }
  return names
}

function rowMaker(names: readonly string[], { schema }: CsvInputOptions): MakeRow {
  if (names.length > MAX_COLUMNS) {
    throw new SluiceError(
      'too-large',
      `There are ${names.length} columns; at most ${MAX_COLUMNS} are read`,
    )
  }
  const fields = new Map(schema?.fields.map((field) => [field.name, field]))
  const columns = names.map((name) => ({ name, field: fields.get(name) }))
  return (texts) => {
    const row: Record<string, unknown> = {}
    for (const [place, { name, field }] of columns.entries()) {
      const text = texts[place] ?? ''
      const value = field ? convertText(text, field) : text === '' ? null : text
      if (name !== '__proto__') row[name] = value
      // An assignment would change the object's prototype.
      else
        Object.defineProperty(row, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        })
    }
    return row
  }
}
