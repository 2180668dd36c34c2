import type {
  Chunk,
  Encoder,
  EncoderOptions,
  FieldType,
  Format,
  Row,
  Schema,
} from '../contracts/index.ts'
import { toBase64, totalBytes, utf8 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import { jsonText, pointerStep } from '../core/json.ts'
import { checkOptionNames, type OptionNames } from '../core/option-names.ts'
import { NOT_A_COLUMN } from '../core/schemas/check-row.ts'
import { checkColumnsRecord } from './check-record.ts'
import { checkpoints } from './checkpoints.ts'
import { FILE_TYPES } from './file-types.ts'
import { typedJson, typedText } from './typed-text.ts'

export interface CsvOptions {
  /** One ASCII character that is no letter, digit, quote, space, line end or part of a number. Default `,`. */
  readonly delimiter?: string | undefined
  /** Whether the first line names the columns. Default true. */
  readonly header?: boolean | undefined
  /**
   * What becomes of text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line
   * end). `keep`, the default, writes it as it is. `escape` puts an apostrophe in front and quotes, which spreadsheets
   * show as plain text and every other reader sees as a changed value: for files that people open. Numbers are no text.
   * @see https://owasp.org/www-community/attacks/CSV_Injection
   */
  readonly formulas?: 'keep' | 'escape' | undefined
}

const OPTIONS: OptionNames<CsvOptions> = { delimiter: true, header: true, formulas: true }

/** `\n`, not RFC 4180's `\r\n`: every reader takes it, and line tools and Hive would keep a `\r` in the last column. */
const LINE_END = '\n'
const PIECE_LENGTH = 256 * 1024
const DELIMITER = /^[^\w"\r\n +\-.\u0080-\uffff]$/
const FORMULA = /^[=+\-@\t\r\n]/

/**
 * CSV by RFC 4180, in UTF-8 without a byte order mark, with `\n` as line end and quotes where they are needed: around
 * text that holds a quote, the delimiter or a line end, or that begins or ends in white space.
 *
 * `null`, `undefined` and a missing key are an empty field, and empty text is `""`; in a file of one column both are `""`,
 * since readers skip an empty line. CSV has only text: `docs/values.md` says what becomes of every kind of value, nested
 * data (JSON text) among it. Columns that the schema says to hold days, times, moments or UUIDs have one form of text, whichever form
 * the values have.
 *
 * The columns are the schema's, else the keys of the first `write`; a key outside them is refused with `invalid-record`.
 * Refused by `check`: what JSON cannot hold within nested data, invalid dates, lone surrogates, and a record without keys.
 * No rows: the header if there is a schema, else no bytes. Holds nothing back: `bufferedBytes` is 0, and it can be gone on with
 * after any `write()` by which the columns are known.
 *
 * Papa Parse's `unparse` is not used: it writes `null` and `''` alike, `-0` as `0` and nested data as `[object Object]`,
 * and leaves out the header of a file without rows.
 *
 * Errors: `invalid-options` for a delimiter that cannot be one, and for an option that nobody knows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function csv<R extends object = Row>(options: CsvOptions = {}): Format<R> {
  checkOptionNames('csv', options, OPTIONS)
  const { delimiter = ',', header = true, formulas = 'keep' } = options
  if (!DELIMITER.test(delimiter)) {
    throw new SluiceError(
      'invalid-options',
      `${JSON.stringify(delimiter)} cannot be a delimiter: it must be one ASCII character, and no letter, digit, ` +
        'quote, space, line end, plus, minus or point',
    )
  }
  const field = fieldWriter(delimiter, formulas === 'escape')
  return {
    ...FILE_TYPES.csv,
    check: checkColumnsRecord,
    encoder: (encoderOptions = {}) =>
      csvEncoder(encoderOptions, { delimiter, header, formulas, field }),
  }
}

interface Dialect {
  readonly delimiter: string
  readonly header: boolean
  readonly formulas: string
  readonly field: (value: unknown, type?: FieldType) => string
}

interface CsvState {
  readonly names: readonly string[]
  readonly headerDue: boolean
}

function csvEncoder({ schema, from }: EncoderOptions, dialect: Dialect): Encoder<object> {
  const { delimiter, header, formulas, field } = dialect
  const places = checkpoints(FILE_TYPES.csv.extension, { delimiter, header, formulas }, schema)
  const begun = from && places.take<CsvState>(from)
  let names: readonly string[] | undefined = begun?.names ?? (schema && namesOf(schema))
  const types = schema?.fields.map(({ type }) => type)
  let headerDue = begun?.headerDue ?? header
  let { rows: rowsBefore, bytes: bytesBefore } = from ?? { rows: 0, bytes: 0 }

  const headerLine = (columns: readonly string[]): string => {
    if (!headerDue || columns.length === 0) return ''
    headerDue = false
    return columns.map((name) => field(name)).join(delimiter) + LINE_END
  }

  const line = (row: Row, columns: readonly string[]): string => {
    let text = ''
    let present = 0
    for (const [place, name] of columns.entries()) {
      if (place > 0) text += delimiter
      if (!Object.hasOwn(row, name)) continue
      present++
      text += field(row[name], types?.[place])
    }
    if (Object.keys(row).length > present) throw extraKey(row, columns)
    // A reader would skip an empty line, and the record with it.
    return (text === '' ? '""' : text) + LINE_END
  }

  return {
    bufferedBytes: 0,
    headBytes: 0,
    write(given) {
      let rows = given as Iterable<Row>
      if (!names) {
        // More than once through: for the keys, and for the rows.
        rows = Array.from(rows)
        const keys = new Set<string>()
        for (const row of rows) for (const key of Object.keys(row)) keys.add(key)
        if (keys.size > 0) names = [...keys]
      }
      const chunks: Chunk[] = []
      let text = headerLine(names ?? [])
      for (const row of rows) {
        text += line(row, names ?? [])
        rowsBefore++
        if (text.length < PIECE_LENGTH) continue
        chunks.push(utf8(text))
        text = ''
      }
      if (text !== '') chunks.push(utf8(text))
      bytesBefore += totalBytes(chunks)
      return chunks
    },
    close() {
      const text = headerLine(names ?? [])
      return { chunks: text === '' ? [] : [utf8(text)] }
    },
    checkpoint: () =>
      names && places.give(rowsBefore, bytesBefore, JSON.stringify({ names, headerDue })),
  }
}

function namesOf(schema: Schema): string[] {
  return schema.fields.map(({ name }) => name)
}

function extraKey(row: Row, columns: readonly string[]): SluiceError {
  const names = new Set(columns)
  const extra = Object.keys(row).find((key) => !names.has(key)) ?? ''
  return new SluiceError('invalid-record', `${pointerStep(extra)} ${NOT_A_COLUMN}`)
}

function fieldWriter(delimiter: string, escapeFormulas: boolean): Dialect['field'] {
  const special = new RegExp(`["\\r\\n\\u{${delimiter.charCodeAt(0).toString(16)}}]|^\\s|\\s$`, 'u')
  return (value, type) => {
    const typed = typedText(value, type)
    if (typed !== undefined) return special.test(typed) ? quoted(typed) : typed
    switch (typeof value) {
      case 'undefined':
        return ''
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'boolean':
      case 'bigint':
        return String(value)
    }
    if (value === null) return ''
    const text = textOf(type === undefined ? value : typedJson(value, type))
    if (escapeFormulas && FORMULA.test(text)) return quoted(`'${text}`)
    return text === '' || special.test(text) ? quoted(text) : text
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return toBase64(value)
  if (value instanceof Date) return value.toISOString()
  const text = jsonText(value)
  // What says of itself that it is a string, such as a decimal or a Temporal instant, is written like one.
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
