import type { Format, Row, Schema, Store } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { csv } from '../formats/csv.ts'
import { gzip } from '../formats/gzip.ts'
import { jsonl } from '../formats/jsonl.ts'
import { parquet } from '../formats/parquet/workerd.ts'
import type { Scope, TokenRule } from '../http/access.ts'
import { MIN_SECRET_LENGTH } from '../http/files.ts'
import { createSink, type SinkOptions } from '../sinks/create-sink.ts'
import type { Drift } from '../sinks/intake/columns/columns.ts'
import type { TimePartition } from '../sinks/policy/event-time.ts'
import type { Rotate } from '../sinks/policy/rotation.ts'

/**
 * One stream of the `STREAMS` variable. It may be edited at any time: records that are waiting then are published in the
 * format and the partitions that they were acknowledged for, and what comes after them in the new ones.
 */
export interface StreamConfig {
  readonly format: 'parquet' | 'jsonl' | 'csv'
  /** For `jsonl` and `csv`; Parquet compresses within the file. Default `false`. */
  readonly gzip?: boolean | undefined
  /** Fields, and at most one time, whose values divide the files, Hive style; or a time alone. Default: none. */
  readonly partition?: readonly (string | StreamTime)[] | StreamTime | undefined
  /** When a file is cut. See `Rotate` for the defaults. */
  readonly rotate?: Rotate | undefined
  /** The columns. Default: each file's are inferred from its records. */
  readonly schema?: Schema | undefined
  /** What becomes of records that the columns have no place for. Default `reject`. */
  readonly drift?: Drift | undefined
  /** Files that are open at once; beyond, the largest is cut. Default 1,000. */
  readonly maxOpenFiles?: number | undefined
}

/** A partition by the time in a field: see `TimePartition`. */
export type StreamTime = Omit<TimePartition, 'time'> & { readonly time: string }

/** What a stream's configuration says of its sink, in the sink's own words. */
const OPTIONS = ['partition', 'rotate', 'schema', 'drift', 'maxOpenFiles'] as const

const FORMATS: Readonly<Record<StreamConfig['format'], () => Format>> = { parquet, jsonl, csv }
const SCOPES: readonly Scope[] = ['write', 'read']
const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

/**
 * The streams of a Worker, from its `STREAMS` variable: JSON, or the text of it. Throws `invalid-options` that names what
 * is wrong and where, as a sink of this store would; a Worker that is configured wrongly answers with that, and takes nothing.
 */
export function parseStreams(value: unknown, store: Store): Readonly<Record<string, StreamConfig>> {
  const streams = objectOf('STREAMS', jsonOf('STREAMS', value))
  for (const [name, config] of Object.entries(streams)) {
    const where = `STREAMS.${name}`
    if (!NAME.test(name) || name.length > 200) {
      throw wrong(where, 'a name holds letters, digits, "-", "_" and inner dots, 200 at most')
    }
    checkStream(where, objectOf(where, config), store)
  }
  return streams as Record<string, StreamConfig>
}

function checkStream(where: string, config: Record<string, unknown>, store: Store): void {
  const { format, gzip = false, ...options } = config
  const known: readonly string[] = OPTIONS
  refuseOthers(
    where,
    Object.keys(options).filter((name) => !known.includes(name)),
  )
  if (typeof format !== 'string' || !Object.hasOwn(FORMATS, format)) {
    throw wrong(`${where}.format`, `must be one of ${Object.keys(FORMATS).join(', ')}`)
  }
  if (typeof gzip !== 'boolean') throw wrong(`${where}.gzip`, 'must be true or false')
  if (gzip && format === 'parquet') {
    throw wrong(`${where}.gzip`, 'is not for parquet, which compresses within the file')
  }
  try {
    // Refuses what it could not work with; it is never opened.
    createSink({ ...sinkOptionsOf(config as unknown as StreamConfig), store })
  } catch (error) {
    if (!isSluiceError(error)) throw error
    throw wrong(`${where}:`, error.message.replace(/^createSink: /, ''))
  }
}

/** What a stream's sink is to be, as far as its configuration says it. */
export function sinkOptionsOf(
  config: StreamConfig,
): Pick<SinkOptions, 'format' | 'earlierFormats' | (typeof OPTIONS)[number]> {
  const { partition, rotate, schema, drift, maxOpenFiles } = config
  const formats = { format: formatOf(config), earlierFormats: everyFormat() }
  return { ...formats, partition, rotate, schema, drift, maxOpenFiles }
}

/** The format of a stream's files. */
export function formatOf({ format, gzip: packed = false }: StreamConfig): Format<Row> {
  return packed ? gzip(FORMATS[format]()) : FORMATS[format]()
}

/** Every format that `STREAMS` can give a stream, and so may have given it before it was edited. */
function everyFormat(): readonly Format<Row>[] {
  const plain = Object.values(FORMATS).map((format) => format())
  return [...plain, gzip(jsonl()), gzip(csv())]
}

/**
 * Who may do what, from the `TOKENS` secret: a list of `{ "sha256", "streams", "scopes" }` as JSON. Absent, nobody may
 * do anything: there is no default token. The message of an error never repeats the value.
 */
export function parseTokens(value: unknown): readonly TokenRule[] {
  if (value === undefined) return []
  const rules = jsonOf('TOKENS', value)
  if (!Array.isArray(rules)) throw wrong('TOKENS', 'must be a list')
  return rules.map((rule: unknown, index) => {
    const where = `TOKENS[${index}]`
    const { sha256, streams, scopes, ...rest } = objectOf(where, rule)
    refuseOthers(where, Object.keys(rest))
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
      throw wrong(`${where}.sha256`, 'must be the SHA-256 of the token in 64 hex digits')
    }
    if (!isTexts(streams))
      throw wrong(`${where}.streams`, 'must be a list of names of streams, or ["*"]')
    if (!isTexts(scopes) || !scopes.every((scope) => SCOPES.includes(scope as Scope))) {
      throw wrong(`${where}.scopes`, `must be a list of ${SCOPES.join(' and ')}`)
    }
    return { sha256, streams, scopes: scopes as readonly Scope[] }
  })
}

/** The `LINK_SECRET` secret, long enough not to be guessed. */
export function linkSecretOf(value: string | undefined): string | undefined {
  if (value === undefined || value.length >= MIN_SECRET_LENGTH) return value
  throw wrong('LINK_SECRET', `must have ${MIN_SECRET_LENGTH} characters or more`)
}

function jsonOf(name: string, value: unknown): unknown {
  if (value === undefined) throw wrong(name, 'is not set')
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    // Without the cause: engines quote the text, and TOKENS is a secret.
    throw wrong(name, 'is not JSON')
  }
}

function objectOf(where: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw wrong(where, 'must be an object')
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function refuseOthers(where: string, [name]: readonly string[]): void {
  if (name !== undefined) throw wrong(`${where}.${name}`, 'is not known here')
}

function wrong(where: string, what: string): SluiceError {
  return new SluiceError('invalid-options', `The Worker's configuration is wrong: ${where} ${what}`)
}
