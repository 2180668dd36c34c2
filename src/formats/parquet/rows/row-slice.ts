import { inheritsNothing, isData } from '../../../core/json.ts'

/** Few enough for the processor's fastest memory. */
export const SLICE_ROWS = 256

/** Arrays for all slices together, so that an encoder that waits for rows holds none. */
const kept: unknown[][] = []
const MAX_KEPT = 256

/**
 * The members of some rows, by columns. One loop that goes through each row and one that goes through each column cost less than a call for each
 * value: in the first, V8 has the place of each member from the row before, and in the second all values are alike.
 */
export class RowSlice {
  readonly #names: readonly string[]
  #columns: unknown[][] = []
  /** How many rows have been gathered at most. */
  #rows = 0

  constructor(names: readonly string[]) {
    this.#names = names
  }

  column(number: number): readonly unknown[] {
    return this.#columns[number] as unknown[]
  }

  /** Of at most `SLICE_ROWS` rows. `false` for a row that has a member which is none of the columns, or is no row. Throws what a row's properties throw. */
  gather(rows: readonly object[], from: number, to: number): boolean {
    while (this.#columns.length < this.#names.length) {
      this.#columns.push(kept.pop() ?? new Array(SLICE_ROWS))
    }
    this.#rows = Math.max(this.#rows, to - from)
    for (let i = from; i < to; i++) {
      const row = rows[i] as Row
      if (!this.#takeInOrder(row, i - from) && !this.#takeByName(row, i - from)) return false
    }
    return true
  }

  /** Gives the memory back. */
  release(): void {
    for (const column of this.#columns) {
      column.fill(undefined, 0, this.#rows)
      if (kept.length < MAX_KEPT) kept.push(column)
    }
    this.#columns = []
    this.#rows = 0
  }

  /** What it put, when it returns `false`, `#takeByName` puts again. */
  #takeInOrder(row: Row, place: number): boolean {
    if (!inheritsNothing(row)) return false
    const names = this.#names
    const columns = this.#columns
    let at = 0
    for (const key in row) {
      if (key !== names[at]) return false
      ;(columns[at++] as unknown[])[place] = row[key]
    }
    return at === names.length
  }

  #takeByName(row: Row, place: number): boolean {
    if (!isData(row)) return false
    let present = 0
    for (const [at, name] of this.#names.entries()) {
      // Not `row[name]` alone: every object inherits a `constructor`.
      const has = Object.hasOwn(row, name)
      if (has) present++
      ;(this.#columns[at] as unknown[])[place] = has ? row[name] : undefined
    }
    return Object.keys(row).length === present
  }
}

type Row = Readonly<Record<string, unknown>>
