import type { Field, Schema } from 'sluice'

/** What the page asks of a Web Worker. Each worker does one job and is ended with it. */
export type Job =
  | { readonly kind: 'read'; readonly file: File }
  | {
      readonly kind: 'send'
      readonly file: File
      /** What the reading found: the types of a CSV's columns. */
      readonly schema: Schema
      readonly server: string
      readonly stream: string
      readonly token: string
    }

/** What the worker answers. `failed` is the last word of any job. */
export type JobEvent =
  | { readonly kind: 'reading'; readonly reading: Reading }
  | { readonly kind: 'sending'; readonly sending: Sending }
  | { readonly kind: 'sent'; readonly sending: Sending; readonly files: readonly SentFile[] }
  | { readonly kind: 'failed'; readonly message: string }

/** How far the file is read, and what is in it. */
export interface Reading {
  readonly done: boolean
  readonly bytes: number
  readonly records: number
  /** Records that could not be read. */
  readonly unreadable: number
  /** Of all records so far. */
  readonly columns: readonly Field[]
  /** The first records, one cell for each of the first columns, in their order. */
  readonly rows: readonly (readonly Cell[])[]
}

/** A value as text, cut to what a table shows; `undefined` where the record has no such key. */
export type Cell = string | null | undefined

export interface Sending {
  /** Records handed to the server, unreadable ones included. */
  readonly sent: number
  /** Bytes of the file that those records took. */
  readonly bytes: number
  readonly acknowledged: number
  readonly rejected: number
  readonly reasons: readonly Reason[]
}

/** All rejections of one kind at one place of a record. */
export interface Reason {
  /** RFC 6901 JSON Pointer; `''` is the whole record. */
  readonly path: string
  readonly code: string
  /** What was said of the first of them. */
  readonly message: string
  readonly records: number
  /** The place of the first one in the file, from 1. */
  readonly first: number
}

export interface SentFile {
  readonly key: string
  readonly records: number
  readonly bytes: number
  /** Signed, and good for a short time. */
  readonly url: string
  /** It holds the rejected records. */
  readonly isDeadLetters: boolean
}
