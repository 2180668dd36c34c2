import type {
  Awaitable,
  Chunk,
  EncodedEnd,
  EncoderCheckpoint,
  Field,
  Schema,
} from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { pointerStep } from '../../../core/json.ts'
import { rowOfText } from '../../../core/row-text.ts'
import { NOT_A_COLUMN } from '../../../core/schemas/check-row.ts'
import { checkpoints } from '../../checkpoints.ts'
import { FILE_TYPES } from '../../file-types.ts'
import type { EncodeChunk } from '../encoder.ts'
import { identityOf, type Settings } from '../options.ts'
import { type FileState, ParquetFile } from '../parquet-file.ts'
import { RowGroups } from '../row-groups.ts'
import type { ShreddedField } from '../rows/shredder.ts'
import { StepRunner, type Steps } from '../steps.ts'
import { columnsSchema } from './columns-schema.ts'
import { keptArray } from './kept-arrays.ts'

/** The columns of some rows, by name: arrays of one length. */
export type Columns = Readonly<Record<string, ArrayLike<unknown>>>

/** One file being encoded. Used by one caller at a time: each call is awaited before the next. */
export interface ColumnEncoder {
  /** Bytes held back that no chunk has carried yet. */
  readonly bufferedBytes: number
  /** Takes rows by their columns and gives what bytes are ready. Columns that do not fit are `invalid-record`: of such a call nothing is taken, and the encoder goes on. After `close()` it is `invalid-options`. */
  write(columns: Columns): Awaitable<readonly Chunk[]>
  /** Ends the file. Call once. */
  close(): Awaitable<EncodedEnd>
  /**
   * What `parquetColumns({ from })` needs to go on with the file behind its last row group, byte for byte, with the same options. `undefined` before there is
   * one, and after an error that has ended the file.
   */
  checkpoint(): EncoderCheckpoint | undefined
}

/** A row group ends by its bytes only where as many rows are whole, so that it ends at the same row however they were batched. */
const BLOCK_ROWS = 1024

/** A column that a write leaves out. */
const NO_VALUES: readonly undefined[] = new Array<undefined>(BLOCK_ROWS).fill(undefined)

export function columnEncoder(
  settings: Settings,
  encode: EncodeChunk,
  declared: Schema | undefined,
  from: EncoderCheckpoint | undefined,
): ColumnEncoder {
  // Row groups end elsewhere than those of rows.
  const identity = { ...identityOf(settings), input: 'columns' }
  const places = checkpoints(FILE_TYPES.parquet.extension, identity, declared)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as FileState)
  const open = (columns: Schema): RowGroups => {
    const file = new ParquetFile({
      schema: columns,
      isDeclared: declared !== undefined,
      settings,
      encode,
      begun: from && begun && { groups: begun.groups, bytes: from.bytes },
    })
    return new RowGroups(file, columns, settings, false)
  }
  let schema = declared ?? begun?.schema
  let groups = schema && open(schema)
  function* write(columns: Columns): Steps<readonly Chunk[]> {
    checkColumns(columns)
    schema ??= columnsSchema(columns, settings.inference)
    groups ??= open(schema)
    const chunks = yield* writeColumns(groups, schema, columns)
    groups.commit()
    return chunks
  }
  function* close(): Steps<EncodedEnd> {
    groups ??= open({ fields: [] })
    return yield* groups.close()
  }
  const mark = (): (() => boolean) => {
    const before = { schema, groups }
    const back = groups?.mark()
    return () => {
      if (groups?.isEncoding) return false
      back?.()
      ;({ schema, groups } = before)
      return true
    }
  }
  const runner = new StepRunner()
  return {
    get bufferedBytes() {
      return groups?.bufferedBytes ?? 0
    },
    write: (columns) => runner.run(write(columns), mark),
    close: () => runner.end(close()),
    checkpoint: () => (runner.hasFailed ? undefined : groups?.file.checkpoint(places)),
  }
}

function* writeColumns(
  groups: RowGroups,
  { fields }: Schema,
  columns: Columns,
): Steps<readonly Chunk[]> {
  const length = lengthOf(fields, columns)
  const chunks: Chunk[] = []
  for (let from = 0; from < length; ) {
    const block = BLOCK_ROWS - (groups.rows % BLOCK_ROWS)
    const to = Math.min(length, from + Math.min(block, groups.room))
    for (const [number, field] of fields.entries()) {
      const column = Object.hasOwn(columns, field.name) ? columns[field.name] : undefined
      addColumn(groups, field, number, column, from, to)
    }
    groups.rows += to - from
    from = to
    const isWhole = groups.rows % BLOCK_ROWS === 0 || groups.room === 0
    if (isWhole && groups.isFull) chunks.push(...(yield* groups.end()))
  }
  groups.settle()
  return chunks
}

function addColumn(
  groups: RowGroups,
  field: Field,
  number: number,
  column: ArrayLike<unknown> | undefined,
  from: number,
  to: number,
): void {
  const { addAll, column: leaf } = groups.shredder.parts[number] as ShreddedField
  const kept = column && keptArray(column, field.type)
  if (kept) {
    // Of one leaf.
    leaf.values.append?.(kept.subarray(from, to))
    leaf.levels.allPresent(to - from)
    return
  }
  const values = column ?? NO_VALUES
  const begin = column ? from : 0
  const end = begin + to - from
  const place = addAll(values, begin, end)
  if (place === end) return
  const row = groups.rows + place - begin
  throw groups.misfit(row, { fields: [field] }, { [field.name]: values[place] })
}

/** Throws `invalid-record` for what are no arrays by their names: a list of rows has names, too, and other values than were meant. */
function checkColumns(columns: unknown): void {
  if (typeof columns !== 'object' || columns === null || Symbol.iterator in columns) {
    const message =
      'Columns are arrays by their names, as { id: [1, 2] }; rows are for the encoder of parquet(), and a table of Arrow for arrowColumns()'
    throw new SluiceError('invalid-record', message)
  }
  for (const [name, column] of Object.entries(columns as Readonly<Record<string, unknown>>)) {
    const { length } = (column ?? {}) as Partial<ArrayLike<unknown>>
    if (typeof column === 'object' && Number.isSafeInteger(length) && Number(length) >= 0) continue
    throw refused(name, 'is no array of values')
  }
}

/** Throws `invalid-record` unless the columns are those of the schema, and of one length. */
function lengthOf(fields: readonly Field[], columns: Columns): number {
  const names = new Set(fields.map(({ name }) => name))
  let length: number | undefined
  for (const [name, column] of Object.entries(columns)) {
    if (!names.has(name)) throw refused(name, NOT_A_COLUMN)
    length ??= column.length
    if (column.length === length) continue
    throw refused(name, `has ${column.length} values, and the columns before it have ${length}`)
  }
  return length ?? 0
}

function refused(name: string, why: string): SluiceError {
  return new SluiceError('invalid-record', `${pointerStep(name)} ${why}`)
}
