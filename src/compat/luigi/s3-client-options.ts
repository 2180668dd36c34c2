import type { Bytes, CallOptions, Source, Store } from '../../contracts/index.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'
import type { S3Connection } from '../s3-connection.ts'
import type { S3TimeRange } from './folders.ts'

/** A client over stores that are there already. */
export interface S3BucketsOptions {
  /** What each bucket's name stands for. Looked at for every call, so it may change. */
  readonly buckets: Readonly<Record<string, Store>>
}

/** How many requests one call makes at once, whatever its `threads`. Default 6: as many as a Worker and a page have. */
export interface Connections {
  readonly connections?: number | undefined
}

export type S3ClientOptions = (S3BucketsOptions | S3Connection) & Connections

/** What can be put: bytes, a Blob (`fs.openAsBlob` makes one of a file), or a source of chunks, which is read once. */
export type PutSource = Bytes | Blob | Source<Uint8Array>

export interface S3RemoveOptions extends CallOptions {
  /** Default `true`; `false` refuses to remove a folder. */
  readonly recursive?: boolean | undefined
}

export interface S3MkdirOptions extends CallOptions {
  /** Default `true`; `false` wants the parent folder to exist. */
  readonly parents?: boolean | undefined
  /** Default `false`: what is there is as good as made. */
  readonly raiseIfExists?: boolean | undefined
}

export interface S3ListOptions extends S3TimeRange, CallOptions {}

export interface S3MoveOptions extends S3StorageOptions, CallOptions {
  /** Files of a folder at once. Default 100, and never more than the client's `connections`. */
  readonly threads?: number | undefined
}

export interface S3CopyFilesOptions extends S3MoveOptions, S3TimeRange {}
