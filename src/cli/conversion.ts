import type { Format } from '../contracts/index.ts'
import { FORMATS } from './convert.ts'
import { GZIP_NAME, type Kind, kindByName, type TextKind } from './names.ts'
import { usageError } from './usage-error.ts'

/** What records are read from, and what they become. */
export interface Conversion {
  readonly kind: TextKind
  readonly format: Format
}

export interface ConversionOptions {
  readonly format?: string | undefined
  readonly from?: TextKind | undefined
}

/**
 * What `put` makes of a file, by the options and the two names; `undefined` copies its bytes. Without `--format` the end of
 * the address decides where it says something else than the file's, or where `--from` says that records are to be read. A
 * format that the address contradicts is refused, and so is a copy that would not be the gzip that its name says it is.
 */
export function conversionOf(
  from: string,
  to: string,
  options: ConversionOptions,
): Conversion | undefined {
  const given = kindByName(from)
  const wanted = kindByName(to)
  if (options.format !== undefined) {
    checkEnding(options.format, to, wanted)
    return { kind: options.from ?? textKind(given), format: formatNamed(options.format) }
  }
  if (wanted === undefined) {
    if (!options.from) return undefined
    throw usageError('--from says how records are read: add --format for what they become')
  }
  if (!options.from) {
    if (given === undefined) return undefined
    if (given === wanted && isGzip(from) === isGzip(to)) return undefined
  }
  const ending = endingOf(to, wanted)
  if (given === wanted && !options.from) {
    throw usageError(
      `one of the names ends in .gz and the other does not: ${
        Object.hasOwn(FORMATS, ending)
          ? `--format ${ending} reads the records and writes them so`
          : 'name both alike'
      }`,
    )
  }
  return { kind: options.from ?? textKind(given), format: formatNamed(ending) }
}

function checkEnding(format: string, to: string, wanted: Kind | undefined): void {
  const fits =
    wanted === undefined
      ? !isGzip(to) || isGzip(`.${format}`)
      : kindByName(`.${format}`) === wanted && isGzip(`.${format}`) === isGzip(to)
  if (fits) return
  const ending = wanted === undefined ? 'gz' : endingOf(to, wanted)
  throw usageError(`--format ${format} writes what .${ending} is not: change one of the two`)
}

function formatNamed(ending: string): Format {
  const format = Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined
  if (format) return format()
  throw usageError(
    `records are not written as .${ending}: end the address in .${Object.keys(FORMATS).join(', .')}`,
  )
}

function textKind(given: Kind | undefined): TextKind {
  if (given === undefined) {
    throw usageError('what the file holds is not said by its name: add --from')
  }
  if (given === 'parquet') {
    throw usageError('records are read from CSV, NDJSON and JSON, not from Parquet')
  }
  return given
}

/** Of a name that says what it holds: as `--format` has it, which knows NDJSON as `jsonl`. */
function endingOf(name: string, kind: Kind): string {
  return `${kind === 'ndjson' ? 'jsonl' : kind}${isGzip(name) ? '.gz' : ''}`
}

function isGzip(name: string): boolean {
  return GZIP_NAME.test(name)
}
