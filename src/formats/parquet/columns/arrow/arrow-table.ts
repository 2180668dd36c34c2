/** What apache-arrow and flechette both have: a table, or one of its record batches. */
export interface ArrowTable {
  readonly schema: {
    readonly fields: readonly ArrowField[]
    readonly metadata?: ReadonlyMap<string, string> | null
  }
  getChild(name: string): ArrowColumn | null | undefined
}

export interface ArrowField {
  readonly name: string
  readonly type: ArrowType
  readonly nullable: boolean
  readonly metadata?: ReadonlyMap<string, string> | null
}

/** The numbers are those of Arrow's own metadata. @see https://github.com/apache/arrow/blob/main/format/Schema.fbs */
export interface ArrowType {
  readonly typeId: number
}

export interface ArrowColumn {
  readonly length: number
  /** One behind the other. */
  readonly data: readonly ArrowChunk[]
}

/** Buffers as Arrow lays them out. @see https://arrow.apache.org/docs/format/Columnar.html */
export interface ArrowChunk {
  readonly length: number
  readonly nullCount: number
}
