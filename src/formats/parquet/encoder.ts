import type {
  Awaitable,
  Chunk,
  Encoder,
  EncoderOptions,
  Row,
  Schema,
} from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import { pointerStep } from '../../core/json.ts'
import { rowOfText } from '../../core/row-text.ts'
import { checkRow } from '../../core/schemas/check-row.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { checkpoints } from '../checkpoints.ts'
import { FILE_TYPES } from '../file-types.ts'
import type { ColumnChunk, Leaf, LeafData } from './chunk/leaf.ts'
import { identityOf, type Settings } from './options.ts'
import { type FileState, ParquetFile } from './parquet-file.ts'
import { takeData } from './rows/leaf-column.ts'
import { type Shredder, shredder } from './rows/shredder.ts'
import { runSteps, type Steps } from './steps.ts'

export type EncodeChunk = (leaf: Leaf, data: LeafData) => Awaitable<ColumnChunk>

/** Rows to a file, row group by row group. */
export function rowEncoder(
  settings: Settings,
  encode: EncodeChunk,
  { schema: declared, from }: EncoderOptions,
): Encoder<object> {
  const places = checkpoints(FILE_TYPES.parquet.extension, identityOf(settings), declared)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as FileState)
  const open = (schema: Schema): RowGroups => {
    const groups = from && begun && { groups: begun.groups, bytes: from.bytes }
    const file = new ParquetFile({
      schema,
      isDeclared: declared !== undefined,
      settings,
      encode,
      begun: groups,
    })
    return new RowGroups(file, schema, settings)
  }
  const known = declared ?? begun?.schema
  let rowGroups = known && open(known)
  return {
    get bufferedBytes() {
      return rowGroups?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write(given) {
      let rows = given as Iterable<Row>
      if (!rowGroups) {
        // More than once through: for the columns, and for the rows.
        const first = Array.from(rows)
        if (first.length === 0) return []
        const inferrer = schemaInferrer()
        inferrer.add(first)
        rowGroups = open(inferrer.schema())
        rows = first
      }
      return runSteps(rowGroups.write(rows))
    },
    close() {
      rowGroups ??= open({ fields: [] })
      return runSteps(rowGroups.close())
    },
    checkpoint: () => rowGroups?.file.checkpoint(places),
  }
}

/** Gathers rows until they are a row group. */
class RowGroups {
  readonly file: ParquetFile
  readonly #schema: Schema
  readonly #settings: Settings
  readonly #tally = { bytes: 0 }
  readonly #shredder: Shredder
  #rows = 0

  constructor(file: ParquetFile, schema: Schema, settings: Settings) {
    this.file = file
    this.#schema = schema
    this.#settings = settings
    this.#shredder = shredder(schema, file.leaves, this.#tally)
  }

  get bufferedBytes(): number {
    return this.#tally.bytes
  }

  *write(rows: Iterable<Row>): Steps<readonly Chunk[]> {
    const { rowGroupRows, rowGroupBytes } = this.#settings
    const chunks: Chunk[] = []
    for (const row of rows) {
      this.#add(row)
      if (this.#rows >= rowGroupRows || this.#tally.bytes >= rowGroupBytes) {
        chunks.push(...(yield* this.#end()))
      }
    }
    this.#settle()
    return chunks
  }

  *close(): Steps<{ readonly chunks: readonly Chunk[] }> {
    const chunks = this.#rows > 0 ? yield* this.#end() : []
    return { chunks: [...chunks, ...this.file.end()] }
  }

  *#end(): Steps<readonly Chunk[]> {
    this.#settle()
    const rows = this.#rows
    const sources = this.#shredder.columns.map((column) => ({
      leaf: column.leaf,
      take: () => takeData(column, rows),
    }))
    const chunks = yield* this.file.rowGroup(sources, rows)
    this.#rows = 0
    this.#tally.bytes = 0
    return chunks
  }

  #add(row: Row): void {
    let fits: boolean
    try {
      fits = this.#shredder.add(row)
    } catch (error) {
      throw asSluiceError(error, 'invalid-record', `${this.#placeOf(this.#rows)} cannot be read`)
    }
    if (!fits) throw this.#misfit(row)
    this.#rows++
  }

  /** Lone surrogates are found when texts are encoded, many at once. */
  #settle(): void {
    for (const { leaf, levels, values } of this.#shredder.columns) {
      const value = values.settle()
      if (value === undefined) continue
      const column = pointerStep(leaf.path[0] as string)
      const place = this.#placeOf(levels.rowOf(value))
      throw invalid(`${place}: ${column} holds a lone surrogate, which UTF-8 cannot express`)
    }
  }

  /** What is wrong is looked for only now: the shredder knows that something is. */
  #misfit(row: Row): SluiceError {
    const { message } = checkRow(this.#schema, row) ?? { message: 'it does not fit the columns' }
    return invalid(`${this.#placeOf(this.#rows)}: ${message}`)
  }

  #placeOf(row: number): string {
    return `Row ${this.file.rows + row} of the file`
  }
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid-record', message)
}
