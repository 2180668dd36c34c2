import type { Awaitable, Chunk, EncoderCheckpoint, Schema } from '../../contracts/index.ts'
import { totalBytes } from '../../core/bytes.ts'
import { rowText } from '../../core/row-text.ts'
import { type Checkpoints, WRITER } from '../checkpoints.ts'
import type { ColumnChunk, Leaf, LeafData } from './chunk/leaf.ts'
import { type FileSchema, fileSchema } from './file-schema.ts'
import { fileEnd, MAGIC } from './footer.ts'
import type { Settings } from './options.ts'
import { encodeRowGroup, type LeafSource } from './row-group.ts'
import type { Steps } from './steps.ts'
import type { StoredRowGroup } from './thrift/file-metadata.ts'

/** What an encoder that goes on needs to know, as plain data. */
export interface FileState {
  /** Where it was inferred: declared columns are given again. */
  readonly schema?: Schema | undefined
  readonly groups: readonly StoredRowGroup[]
}

export interface FileOptions {
  readonly schema: Schema
  /** Whether the columns were given, and not inferred. */
  readonly isDeclared: boolean
  readonly settings: Settings
  readonly encode: (leaf: Leaf, data: LeafData) => Awaitable<ColumnChunk>
  /** The row groups that are there, and where the last one ends. */
  readonly begun?:
    | { readonly groups: readonly StoredRowGroup[]; readonly bytes: number }
    | undefined
}

/** A file that is given row groups. */
export class ParquetFile {
  readonly #inferred: Schema | undefined
  readonly #columns: FileSchema
  readonly #settings: Settings
  readonly #encode: FileOptions['encode']
  readonly #groups: StoredRowGroup[]
  /** Of all chunks that were given out. */
  #bytes: number

  constructor({ schema, isDeclared, settings, encode, begun }: FileOptions) {
    this.#inferred = isDeclared ? undefined : schema
    this.#columns = fileSchema(schema, settings, isDeclared)
    this.#settings = settings
    this.#encode = encode
    this.#groups = [...(begun?.groups ?? [])]
    this.#bytes = begun?.bytes ?? 0
  }

  get leaves(): readonly Leaf[] {
    return this.#columns.leaves
  }

  /** Of all row groups. */
  get rows(): number {
    return this.#groups.reduce((sum, { rows }) => sum + rows, 0)
  }

  /** Remembers what there is: what it returns forgets the row groups that came after, whose bytes nobody was given. */
  mark(): () => void {
    const groups = this.#groups.length
    const bytes = this.#bytes
    return () => {
      this.#groups.length = groups
      this.#bytes = bytes
    }
  }

  *rowGroup(sources: Iterable<LeafSource>, rows: number): Steps<readonly Chunk[]> {
    const head = this.#head()
    const offset = this.#bytes + totalBytes(head)
    const { group, chunks, byteLength } = yield* encodeRowGroup(sources, this.#encode, rows, offset)
    this.#groups.push(group)
    this.#bytes = offset + byteLength
    return [...head, ...chunks]
  }

  end(): readonly Chunk[] {
    const head = this.#head()
    const { elements, leaves, sorting } = this.#columns
    const metadata = {
      elements,
      leaves,
      sorting,
      groups: this.#groups,
      rows: this.rows,
      keyValues: Object.entries(this.#settings.metadata),
      createdBy: WRITER,
    }
    return [...head, ...fileEnd(metadata, this.#bytes + totalBytes(head))]
  }

  /** The end of the last row group. */
  checkpoint(places: Checkpoints): EncoderCheckpoint | undefined {
    if (this.#groups.length === 0) return undefined
    const state: FileState = { schema: this.#inferred, groups: this.#groups }
    return places.give(this.rows, this.#bytes, rowText(state))
  }

  #head(): readonly Chunk[] {
    return this.#bytes === 0 ? [Uint8Array.from(MAGIC)] : []
  }
}
