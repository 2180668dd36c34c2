import type { Chunk, Row, Schema } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { pointerStep } from '../../core/json.ts'
import { checkRow } from '../../core/schemas/check-row.ts'
import type { Settings } from './options.ts'
import type { ParquetFile } from './parquet-file.ts'
import { releaseData, takeData } from './rows/leaf-column.ts'
import { type Shredder, shredder } from './rows/shredder.ts'
import type { Steps } from './steps.ts'

/** The values of rows, until these are a row group of the file. */
export class RowGroups {
  readonly file: ParquetFile
  readonly shredder: Shredder
  readonly #settings: Settings
  readonly #tally = { bytes: 0 }
  /** How many the shredder was given since the last row group. */
  rows = 0

  constructor(file: ParquetFile, schema: Schema, settings: Settings) {
    this.file = file
    this.#settings = settings
    this.shredder = shredder(schema, file.leaves, this.#tally)
  }

  get bufferedBytes(): number {
    return this.#tally.bytes
  }

  /** How many rows it takes before it is full by their number. */
  get room(): number {
    return this.#settings.rowGroupRows - this.rows
  }

  get isFull(): boolean {
    const { rowGroupRows, rowGroupBytes } = this.#settings
    return this.rows >= rowGroupRows || this.#tally.bytes >= rowGroupBytes
  }

  *end(): Steps<readonly Chunk[]> {
    this.settle()
    const { rows } = this
    const sources = this.shredder.columns.map((column) => ({
      leaf: column.leaf,
      take: () => takeData(column, rows),
      release: releaseData,
    }))
    const chunks = yield* this.file.rowGroup(sources, rows)
    this.rows = 0
    this.#tally.bytes = 0
    return chunks
  }

  *close(): Steps<{ readonly chunks: readonly Chunk[] }> {
    const chunks = this.rows > 0 ? yield* this.end() : []
    return { chunks: [...chunks, ...this.file.end()] }
  }

  /** Lone surrogates are found when texts are encoded, many at once. */
  settle(): void {
    for (const { leaf, levels, values } of this.shredder.columns) {
      const value = values.settle()
      if (value === undefined) continue
      const column = pointerStep(leaf.path[0] as string)
      const message = `${column} holds a lone surrogate, which UTF-8 cannot express`
      throw this.refused(levels.rowOf(value), message)
    }
  }

  /** What is wrong with a row is looked for only when the shredder has found that something is. */
  misfit(row: number, schema: Schema, values: Row): SluiceError {
    const rejection = checkRow(schema, values)
    return this.refused(row, rejection?.message ?? 'it does not fit the columns')
  }

  /** `row`: since the last row group. */
  refused(row: number, why: string, cause?: unknown): SluiceError {
    const place = `Row ${this.file.rows + row} of the file`
    return new SluiceError('invalid-record', `${place}: ${why}`, { cause })
  }
}
