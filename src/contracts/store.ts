import type { Bytes } from './bytes.ts'

/**
 * An object store: keys to bytes. Keys are non-empty, `/`-separated, at most 1,024 bytes of UTF-8, and hold no
 * control characters, lone surrogates, or `.`/`..` segments (`invalid-key` before anything is sent).
 *
 * Guaranteed by every store: `put` and `complete` are all or nothing, and what they resolved is seen by the next
 * `get`, `head` and `list`; a failed call leaves the object as it was, or, where an error's outcome is unknown
 * (`network`, `timeout`, `aborted`), as it was or as it should be. Calls reject with `SluiceError` only, and with `aborted`
 * when their signal fires.
 *
 * Not guaranteed: order between concurrent writers of one key without conditions; anything about a key while
 * `list` runs over it.
 *
 * A verb that a store lacks is absent, and an option that it cannot honour is refused with `not-supported`, never
 * ignored. `capabilities` says both beforehand. `storeSuite` in `sluice/testing` is this text as tests.
 */
export interface Store {
  /** For messages. Never branched on. */
  readonly kind: string
  readonly capabilities: StoreCapabilities
  put(key: string, body: Bytes | Blob, options?: PutOptions): Promise<PutResult>
  /** `undefined` when there is no such key. The body is to be read or cancelled. */
  get(key: string, options?: GetOptions): Promise<GetResult | undefined>
  /** `undefined` when there is no such key. */
  head(key: string, options?: CallOptions): Promise<ObjectInfo | undefined>
  /**
   * Ascending by the UTF-8 bytes of the key, however many there are: pages are the store's problem. With a
   * delimiter, keys that continue past it are folded into one `Prefix` each, in its place in the order.
   */
  list(options?: ListOptions): AsyncIterable<ObjectInfo | Prefix>
  /**
   * Idempotent: an absent key counts as deleted. The keys are a set: one that is named twice counts once. Batches itself.
   * Resolves even when single keys failed.
   */
  delete(keys: string | Iterable<string>, options?: CallOptions): Promise<DeleteResult>
  /** On the server. `not-found` when the source is absent; `invalid-options` from a key to itself, as in S3. */
  copy?(from: string, to: string, options?: CopyOptions): Promise<PutResult>
  /** On the server: the sources, one after the other, become `to`. */
  compose?(
    sources: readonly ComposeSource[],
    to: string,
    options?: PutOptions,
  ): Promise<ComposeResult>
  createMultipart?(key: string, options?: MultipartOptions): Promise<MultipartUpload>
  /**
   * The upload that a token stands for. Does not ask the server: a dead token fails at its first use. One whose key is not
   * the upload's own is dead.
   */
  resumeMultipart?(token: MultipartToken): MultipartUpload
  /**
   * Open uploads whose key begins with `prefix`, however many, also while those that were listed are ended. Absent where
   * the API cannot list them.
   */
  listMultipart?(prefix: string, options?: CallOptions): AsyncIterable<UploadInfo>
}

/** What a store can do. `probe()` finds out by trying; wrappers pass it on. */
export interface StoreCapabilities {
  /** `ifNoneMatch: '*'` and `ifMatch` on `put` are honoured. */
  readonly conditionalPut: boolean
  /** The same on `MultipartUpload.complete`. */
  readonly conditionalComplete: boolean
  readonly copy: boolean
  readonly compose: boolean
  readonly rangeGet: boolean
  /** `false` when objects can only be put in one piece. */
  readonly multipart: false | MultipartLimits
  readonly listUploads: boolean
  /** The largest body of one `put`, in bytes. */
  readonly maxPutBytes: number
}

export interface MultipartLimits {
  /** The least size of every part but the last. */
  readonly minPartBytes: number
  readonly maxPartBytes: number
  readonly maxParts: number
  /** Every part but the last must have the same size, and the last must not be larger (R2). */
  readonly equalParts: boolean
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** What is kept beside the bytes. All but `metadata` are printable ASCII, not empty, without spaces around it. */
export interface ObjectHeaders {
  readonly contentType?: string | undefined
  readonly cacheControl?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly contentEncoding?: string | undefined
  /** The user's own words. Names are lower case `[a-z0-9-]`; values any Unicode without control characters. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** Both at once are `invalid-options`: no object could meet them. */
export interface WriteConditions {
  /** Only create: `precondition-failed` when the key exists. */
  readonly ifNoneMatch?: '*' | undefined
  /** Only replace this version: `precondition-failed` when the ETag differs or the key is absent. */
  readonly ifMatch?: string | undefined
}

export interface PutOptions extends ObjectHeaders, WriteConditions, CallOptions {}
export interface CopyOptions extends WriteConditions, CallOptions {}
export interface MultipartOptions extends ObjectHeaders, CallOptions {}

export interface GetOptions extends CallOptions {
  /** Half open, `[start, end)`, in bytes; `end` past the object's end is cut to it. A `start` at or past it is `invalid-options`. */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined
  /** `precondition-failed` when the object is no longer this version. */
  readonly ifMatch?: string | undefined
}

export interface ListOptions extends CallOptions {
  readonly prefix?: string | undefined
  /** Only `'/'` is portable. */
  readonly delimiter?: string | undefined
  /**
   * Only what sorts after this text: keys, and prefixes by their own name. So a prefix that begins `startAfter` is not
   * shown, whatever it holds: `a/` is behind `a`, and not behind `a/` or `a/1`.
   */
  readonly startAfter?: string | undefined
}

export interface PutResult {
  /** Opaque, without quotes. Equal ETags of one key mean the same bytes. */
  readonly etag: string
}

export interface ObjectInfo extends PutResult, ObjectHeaders {
  readonly kind: 'object'
  readonly key: string
  /** The whole object's size, also on a ranged `get`. */
  readonly sizeBytes: number
  readonly lastModified: Date
  /** Headers and metadata are filled in by `head` and `get`; a `list` may leave them out. */
}

export interface Prefix {
  readonly kind: 'prefix'
  /** Ends in the delimiter. */
  readonly prefix: string
}

export interface GetResult extends ObjectInfo {
  /** Read once, by this or by `bytes()` or `text()`. Errors when the connection is cut short. */
  readonly body: ReadableStream<Bytes>
  bytes(): Promise<Bytes>
  text(): Promise<string>
}

export interface DeleteResult {
  readonly deleted: number
  readonly failed: readonly { readonly key: string; readonly error: Error }[]
}

export interface ComposeSource {
  readonly key: string
  readonly range?: { readonly start: number; readonly end: number } | undefined
  readonly ifMatch?: string | undefined
}

export interface ComposeResult extends PutResult {
  /** Of the bytes of the new object, those that were read and sent again, because the server does not copy them. */
  readonly sentBytes: number
}

/** One open upload. Nothing is visible before `complete`. */
export interface MultipartUpload {
  readonly key: string
  readonly uploadId: string
  /** Parts may be sent in any order and at once. The same number again replaces the part. */
  putPart(partNumber: number, body: Bytes | Blob, options?: CallOptions): Promise<Part>
  /** `parts` ascending by number, from 1, without holes. An upload whose completion was refused stays open. */
  complete(parts: readonly Part[], options?: WriteConditions & CallOptions): Promise<PutResult>
  /** Idempotent: an upload that is gone counts as aborted. Wait for parts in flight first. */
  abort(options?: CallOptions): Promise<void>
  /**
   * The parts that are there, ascending by number, however many; of one that was replaced the last. `not-found` when the upload
   * is gone. Absent where the API cannot list them (the R2 binding).
   */
  listParts?(options?: CallOptions): AsyncIterable<Part>
  /** For `resumeMultipart`, now or in another process. */
  toJSON(): MultipartToken
}

export interface Part {
  readonly partNumber: number
  readonly etag: string
  readonly sizeBytes: number
  /** What the store wants to hear again at `complete`, where it keeps checksums. Opaque. */
  readonly checksum?: string | undefined
}

export interface MultipartToken {
  readonly key: string
  readonly uploadId: string
  /** The checksum that the upload was created with, which its parts must have too. */
  readonly checksum?: string | undefined
}

export interface UploadInfo extends MultipartToken {
  readonly initiated: Date
}
