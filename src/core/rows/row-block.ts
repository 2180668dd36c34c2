import type { Bytes, Row, Rows } from '../../contracts/index.ts'
import { fromUtf8 } from '../bytes.ts'

/** What the values of a column are; `ascii` is text of which each UTF-16 unit is one byte of UTF-8. */
export type ColumnKind = 'number' | 'int32' | 'boolean' | 'time' | 'ascii' | 'text'

/** The values of one key, as many as there are rows. */
export interface BlockColumn {
  readonly name: string
  readonly kind: ColumnKind
  /** Numbers; 0 and 1; milliseconds since 1970; of texts where each begins in `text`, and one place more, where the last one ends. */
  readonly values: Float64Array | Int32Array | Uint8Array | Uint32Array
  /** UTF-8. Empty for what is no text. */
  readonly text: Bytes
  /** 1 where a row has `null`. */
  readonly nulls: Uint8Array | undefined
}

/** ES2024. @see https://tc39.es/ecma262/#sec-arraybuffer.prototype.transfer */
interface Transferable extends ArrayBuffer {
  transfer?(newByteLength: number): ArrayBuffer
}

/** The columns that lie over a block's bytes. */
type ColumnsOf = (bytes: Bytes) => readonly BlockColumn[]

/**
 * Rows that have the same keys in the same order, and no values but texts, numbers, booleans, valid dates and `null`, as one piece of memory.
 * To the engine's garbage collector they are nothing to look through, and they weigh about half of their JSON, where objects weigh three times it.
 * The rows are made anew, equal, each time that they are asked for.
 */
export class RowBlock<R = Row> implements Rows<R> {
  readonly length: number
  /** What `blockBytes` made, where the columns lie over it. */
  readonly bytes: Bytes | undefined
  readonly #columns: readonly BlockColumn[] | ColumnsOf

  constructor(length: number, columns: readonly BlockColumn[])
  constructor(length: number, columns: ColumnsOf, bytes: Bytes)
  constructor(length: number, columns: readonly BlockColumn[] | ColumnsOf, bytes?: Bytes) {
    this.length = length
    this.#columns = columns
    this.bytes = bytes
  }

  /** Views, made each time where there are bytes to make them of: those of a few rows weigh more than all that they show. */
  get columns(): readonly BlockColumn[] {
    return typeof this.#columns === 'function' ? this.#columns(this.bytes as Bytes) : this.#columns
  }

  /** Over the same memory. */
  slice(begin = 0, end: number = this.length): RowBlock<R> {
    const to = Math.min(end, this.length)
    const from = Math.min(begin, to)
    if (from === 0 && to === this.length) return this
    const columns = this.columns.map(({ values, nulls, ...column }) => ({
      ...column,
      values: values.subarray(from, isText(column.kind) ? to + 1 : to),
      nulls: nulls?.subarray(from, to),
    }))
    return new RowBlock(to - from, columns)
  }

  /**
   * What is asked of it afterwards is an error, and of its slices empty. The collector would come late: a block is next to nothing of what it counts.
   * Nothing happens where the runtime cannot do it (Node 20), or the bytes are a view of more.
   */
  free(): void {
    const { bytes } = this
    if (bytes?.byteLength !== bytes?.buffer.byteLength) return
    const buffer = bytes?.buffer as Transferable | undefined
    buffer?.transfer?.(0)
  }

  [Symbol.iterator](): Iterator<R> {
    return this.rows()[Symbol.iterator]()
  }

  rows(): R[] {
    // Copies have all members as their own from the start: there is room for them, and what is assigned below changes them, under the key
    // `__proto__` too.
    const { columns } = this
    const empty = Object.fromEntries(columns.map(({ name }) => [name, null]))
    const rows: Record<string, unknown>[] = []
    for (let i = 0; i < this.length; i++) rows.push({ ...empty })
    for (const column of columns) {
      const { name } = column
      const values = valuesOf(column, this.length)
      for (let i = 0; i < rows.length; i++) (rows[i] as Record<string, unknown>)[name] = values[i]
    }
    return rows as R[]
  }
}

export function isText(kind: ColumnKind): boolean {
  return kind === 'ascii' || kind === 'text'
}

/** The column's values as they were. */
export function valuesOf(column: BlockColumn, length: number): unknown[] {
  const { kind, values, nulls } = column
  const plain: unknown[] = isText(kind) ? textsOf(column) : []
  if (kind === 'boolean') for (const value of values) plain.push(value === 1)
  else if (kind === 'time') for (const value of values) plain.push(new Date(value))
  else if (!isText(kind)) for (const value of values) plain.push(value)
  if (nulls) for (let i = 0; i < length; i++) if (nulls[i] === 1) plain[i] = null
  return plain
}

/** One call of the decoder for all of them, and the places of the bytes found again in the text. */
function textsOf({ kind, values, text: bytes }: BlockColumn): string[] {
  const first = values[0] as number
  const text = fromUtf8(bytes.subarray(first, values[values.length - 1]))
  const texts: string[] = []
  let begin = 0
  let place = first
  for (let i = 1; i < values.length; i++) {
    const next = values[i] as number
    const end = kind === 'ascii' ? next - first : unitsTo(text, begin, next - place)
    texts.push(text.slice(begin, end))
    begin = end
    place = next
  }
  return texts
}

/** Where the units end that come to so many bytes. */
function unitsTo(text: string, begin: number, byteLength: number): number {
  let unit = begin
  for (let bytes = 0; bytes < byteLength; unit++) {
    const code = text.charCodeAt(unit)
    if (code < 0x80) bytes += 1
    else if (code < 0x800) bytes += 2
    // Of a pair, both together are four bytes.
    else if (code >= 0xd800 && code < 0xe000) bytes += 2
    else bytes += 3
  }
  return unit
}
