import type {
  Lane,
  ObjectFacts,
  ProducerStep,
  Rejected,
  SealedFile,
  UploadProgress,
} from '../../contracts/index.ts'

/** What one transaction does to the log. JSON, in the segment's `change` frame. */
export type Change =
  | AppendChange
  | { readonly kind: 'seal'; readonly file: SealedFile }
  | {
      readonly kind: 'progress'
      readonly id: string
      readonly upload?: UploadProgress | undefined
    }
  | { readonly kind: 'store'; readonly files: readonly FileChange[] }
  | { readonly kind: 'commit'; readonly files: readonly FileChange[] }

export interface AppendChange {
  readonly kind: 'append'
  readonly parts: readonly AppendPart[]
  readonly atMs: number
  readonly producer?: ProducerStep | undefined
  /** Only with a producer, whose answer it is part of. */
  readonly rejected?: readonly Rejected[] | undefined
}

export interface AppendPart {
  /** The lane's number in this log. */
  readonly lane: number
  /** What the number stands for, where it is a new one. */
  readonly name?: Lane | undefined
  /** `encodingText` of the rows, where it is another than the lane's. */
  readonly encoding?: string | undefined
  readonly bytes: number
  /** How many rows each block has. The blocks themselves lie in the frames before this one. */
  readonly rows: readonly number[]
}

export interface FileChange extends ObjectFacts {
  readonly id: string
}
