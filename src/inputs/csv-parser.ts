import Papa from 'papaparse'
import type { Row, Schema } from '../contracts/index.ts'
import { utf8, utf8Length } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { convertText } from './convert-text.ts'
import { isLonger, refuseTooLarge } from './parse-record.ts'
import { type InputOptions, type RecordParser, recordCounter } from './record-reader.ts'

export interface CsvInputOptions extends InputOptions {
  /** One character. Default `,`. */
  readonly delimiter?: string | undefined
  /** The names of the columns, for input without a header line. Absent, the first line names them. */
  readonly columns?: readonly string[] | undefined
  /**
   * The types that texts are turned into, by column name. A text that is no value of its type stays text, so that a sink
   * with this schema rejects the record by name. Columns without a type, and all of them without a schema, are text.
   */
  readonly schema?: Schema | undefined
}

/** A record as Papa Parse found it in the text at hand. */
interface Found {
  readonly fields: readonly string[]
  /** Where it ends, behind its line end. */
  readonly end: number
  /** A quote that is never closed, or closed in the wrong place. */
  readonly broken: boolean
}

/**
 * How much text may be parsed twice because a broken quote had swallowed it. Without a bound, input made of nothing but
 * broken quotes would take quadratic time; behind it, what a quote swallowed is refused as one record.
 */
const RESCAN_LENGTH = 4 * 1024 * 1024

type MakeRow = (fields: readonly string[]) => Row

/**
 * Cuts text into records by Papa Parse's inner `Parser`, which is exported for this: what is behind its last complete
 * record is kept and parsed again with what comes next, as Papa Parse's own streams do. Those cannot be used: they pull
 * from files, Node streams or the network, and give rows without backpressure and without the text that they were.
 */
export function csvParser(options: CsvInputOptions): RecordParser {
  const { delimiter = ',' } = options
  const counter = recordCounter(options)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let makeRow = options.columns && rowMaker(options.columns, options)
  let width = options.columns?.length ?? 0
  /** Text that no complete record has been found in. */
  let text = ''
  /** The rest of a line that was too large is passed over. */
  let skipping = false
  let rescanned = 0
  /** Where `text` begins. */
  let line = 1
  let offset = 0

  const place = (): string => `Line ${line} (byte ${offset})`

  const refuse = (message: string, raw: string): undefined => {
    counter.refuse('invalid-record', place(), message, withoutLineEnd(raw))
  }

  /** `raw` is the beginning of `text` and has been dealt with. */
  const advance = (raw: string): void => {
    offset += utf8Length(raw)
    for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) line++
  }

  /** Where reading goes on after the unreadable record at `start`, which may have swallowed the lines up to `end`. */
  const resume = (from: string, start: number, end: number): number => {
    rescanned += end - start
    return rescanned > RESCAN_LENGTH ? end : from.indexOf('\n', start) + 1 || end
  }

  const take = (fields: readonly string[], raw: string): Row | undefined => {
    if (isLineEnd(raw)) return undefined
    const values = withoutReturn(fields, raw, delimiter)
    if (!makeRow) {
      makeRow = rowMaker(headerOf(values, raw, place()), options)
      width = values.length
      return undefined
    }
    if (values.length !== width) {
      return refuse(`The line has ${values.length} fields, but there are ${width} columns`, raw)
    }
    counter.taken()
    return makeRow(values)
  }

  /** What becomes of a record that cannot be read: `raw` of it is passed over. */
  const pass = (raw: string, tooLarge: boolean): void => {
    if (!makeRow) {
      const fault = tooLarge ? 'is too large' : 'has a broken quote'
      throw new SluiceError(
        tooLarge ? 'too-large' : 'invalid-record',
        `${place()}: The header ${fault}`,
      )
    }
    if (tooLarge) refuseTooLarge(utf8(withoutLineEnd(raw)), counter, place())
    else refuse('A quoted field is not closed, or goes on after its closing quote', raw)
  }

  /** All records that are complete. `last` says that no more text will come. */
  function* drain(last: boolean): Generator<Row, void, undefined> {
    let at = 0
    for (let again = true; again; ) {
      again = false
      const rest = text.slice(at)
      let start = 0
      for (const { fields, end, broken } of findRecords(rest, delimiter, last)) {
        const tooLarge = isLonger(withoutLineEnd(rest.slice(start, end)), counter.maxRecordBytes)
        // A quote in the wrong place may have swallowed good lines.
        again = broken || tooLarge
        const raw = rest.slice(start, again ? resume(rest, start, end) : end)
        let row: Row | undefined
        if (again) pass(raw, tooLarge)
        else row = take(fields, raw)
        advance(raw)
        start += raw.length
        if (row) yield row
        if (again) break
      }
      at += start
    }
    text = text.slice(at)
  }

  /** What is left is one record so far, and may be a quote that swallows everything. */
  function* bound(): Generator<Row, void, undefined> {
    // One more: the `\r` of a line end is no part of the record.
    while (isLonger(text, counter.maxRecordBytes + 1)) {
      const raw = text.slice(0, resume(text, 0, text.length))
      pass(raw, true)
      advance(raw)
      skipping = !raw.endsWith('\n')
      text = text.slice(raw.length)
      yield* drain(false)
    }
  }

  return {
    *push(chunk) {
      let added = decode(decoder, chunk, offset)
      if (offset === 0 && text === '' && added.startsWith('\ufeff')) {
        offset = 3
        added = added.slice(1)
      }
      if (skipping) {
        const rest = added.slice(0, added.indexOf('\n') + 1 || added.length)
        skipping = !rest.endsWith('\n')
        advance(rest)
        added = added.slice(rest.length)
      }
      text += added
      // Without a line end nothing can have been completed.
      if (added.includes('\n')) yield* drain(false)
      yield* bound()
    },
    *end() {
      text += decode(decoder, undefined, offset)
      // A `\r` behind a closing quote would be taken for a part of the field.
      if (text.endsWith('\r')) text = text.slice(0, -1)
      if (text !== '') yield* drain(true)
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

/** The complete records of a text; with `last` the end of the text completes one. Ends with the first broken one. */
function findRecords(text: string, delimiter: string, last: boolean): readonly Found[] {
  const found: Found[] = []
  const parser = new Papa.Parser({
    delimiter,
    // Fixed, since files mix line ends; a `\r` before it is taken off later.
    newline: '\n',
    step({ data, errors, meta }: Papa.ParseStepResult<string[]>) {
      const broken = errors.length > 0
      found.push({ fields: data[0] as unknown as string[], end: meta.cursor, broken })
      if (broken) parser.abort()
    },
  } as Papa.ParseConfig<string[]>)
  parser.parse(text, 0, !last)
  return found
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
