import type { Chunk, Row, Schema } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkRow } from '../../core/schemas/check-row.ts'
import type { LeafData } from './chunk/leaf.ts'
import type { Settings } from './options.ts'
import type { ParquetFile } from './parquet-file.ts'
import { isRow, noRow } from './rows/given-rows.ts'
import { dataOf, releaseColumn } from './rows/leaf-column.ts'
import { type Shredder, shredder } from './rows/shredder.ts'
import type { Tally } from './rows/tally.ts'
import { valuePointer } from './rows/value-pointer.ts'
import type { Steps } from './steps.ts'

/** The values of rows, until these are a row group of the file. */
export class RowGroups {
  readonly file: ParquetFile
  shredder: Shredder
  readonly #schema: Schema
  readonly #settings: Settings
  readonly #tally: Tally
  /** How many the shredder was given since the last row group. */
  rows = 0
  /** Whether a row group is being encoded: where that has failed, a part of it is nowhere any more. */
  isEncoding = false
  /** Whose first rows were there at the mark, and which is not emptied before it is known whether it is gone back to. */
  #marked: Shredder | undefined
  #kept: (() => void)[] = []

  /** `stopsWhenFull`: at the value that makes a row group full, and not only behind all that are added with it. */
  constructor(file: ParquetFile, schema: Schema, settings: Settings, stopsWhenFull: boolean) {
    this.file = file
    this.#schema = schema
    this.#settings = settings
    this.#tally = { bytes: 0, limit: stopsWhenFull ? settings.rowGroupBytes : undefined }
    this.shredder = this.#newShredder()
  }

  #newShredder(): Shredder {
    return shredder(this.#schema, this.file.leaves, this.#tally)
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

  /** Whether so many bytes more end no row group by themselves. */
  hasRoomFor(bytes: number): boolean {
    return this.#tally.bytes + bytes < this.#settings.rowGroupBytes
  }

  /**
   * Takes so many rows as `add` gives them to the shredder, if that returns `true` and the row group has room for all but the last. Else it
   * takes none, and returns `false`: rows that are added one by one show which of them it is.
   */
  addAll(rows: number, add: (shredder: Shredder) => boolean): boolean {
    const { shredder } = this
    const { bytes } = this.#tally
    const back = markColumns(shredder)
    if (addedAll(shredder, add) && !this.isFull) {
      this.rows += rows
      return true
    }
    back()
    this.#tally.bytes = bytes
    return false
  }

  /** Remembers what there is: until `commit`, what it returns forgets what came after, row groups too. */
  mark(): () => void {
    const { shredder, rows } = this
    const { bytes } = this.#tally
    const backs = [markColumns(shredder), this.file.mark()]
    // Without rows there is nothing to go back to in it.
    this.#marked = rows > 0 ? shredder : undefined
    return () => {
      this.shredder.release()
      this.shredder = shredder
      for (const back of backs) back()
      this.rows = rows
      this.#tally.bytes = bytes
      this.#marked = undefined
      this.#kept = []
    }
  }

  commit(): void {
    for (const release of this.#kept) release()
    this.#marked = undefined
    this.#kept = []
  }

  *end(): Steps<readonly Chunk[]> {
    this.settle()
    const { rows, shredder } = this
    const isMarked = shredder === this.#marked
    const sources = shredder.columns.map((column) => ({
      leaf: column.leaf,
      data: () => dataOf(column, rows),
      release: (data: LeafData) => {
        if (isMarked) this.#kept.push(() => releaseColumn(column, data))
        else releaseColumn(column, data)
      },
    }))
    this.isEncoding = true
    const chunks = yield* this.file.rowGroup(sources, rows)
    this.isEncoding = false
    if (isMarked) this.shredder = this.#newShredder()
    this.rows = 0
    this.#tally.bytes = 0
    return chunks
  }

  *close(): Steps<{ readonly chunks: readonly Chunk[] }> {
    const chunks = this.rows > 0 ? yield* this.end() : []
    return { chunks: [...chunks, ...this.file.end()] }
  }

  /** Ends a batch of rows. Lone surrogates are found when texts are encoded, many at once. */
  settle(): void {
    this.shredder.release()
    for (const { leaf, levels, values } of this.shredder.columns) {
      const value = values.settle()
      if (value === undefined) continue
      const place = levels.placeOf(value)
      const pointer = valuePointer(this.#schema, leaf.path, place)
      const message = `${pointer} holds a lone surrogate, which UTF-8 cannot express`
      throw this.refused(place.row, message)
    }
  }

  /** What is wrong with a row is looked for only when the shredder has found that something is. */
  misfit(row: number, schema: Schema, values: Row): SluiceError {
    if (!isRow(values)) return this.refused(row, noRow(values))
    const rejection = checkRow(schema, values)
    return this.refused(row, rejection?.message ?? 'it does not fit the columns')
  }

  /** `row`: since the last row group. */
  refused(row: number, why: string, cause?: unknown): SluiceError {
    const place = `Row ${this.file.rows + row} of the file`
    return new SluiceError('invalid-record', `${place}: ${why}`, { cause })
  }
}

function markColumns({ columns }: Shredder): () => void {
  const backs: (() => void)[] = []
  for (const { levels, values } of columns) backs.push(levels.mark(), values.mark())
  return () => {
    for (const back of backs) back()
  }
}

/** What a property throws is thrown again when its row is added by itself. */
function addedAll(shredder: Shredder, add: (shredder: Shredder) => boolean): boolean {
  try {
    return add(shredder)
  } catch {
    return false
  }
}
