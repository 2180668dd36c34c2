/**
 * The part of Cloudflare's R2 binding that `r2Store` calls, so that neither this package nor its users need Cloudflare's
 * types. `env.BUCKET` fits.
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>
  get(key: string, options?: R2GetOptionsLike): Promise<R2ObjectLike | R2ObjectBodyLike | null>
  /** `null` when `onlyIf` did not hold. */
  put(
    key: string,
    value: Uint8Array<ArrayBuffer> | Blob,
    options?: R2PutOptionsLike,
  ): Promise<R2ObjectLike | null>
  list(options?: R2ListOptionsLike): Promise<R2ObjectsLike>
  /** At most 1,000 keys. */
  delete(keys: string[]): Promise<void>
  createMultipartUpload(key: string, options?: R2HeadersLike): Promise<R2MultipartUploadLike>
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUploadLike
}

export interface R2HeadersLike {
  httpMetadata?: R2HttpMetadataLike
  customMetadata?: Record<string, string>
}

export interface R2HttpMetadataLike {
  contentType?: string
  cacheControl?: string
  contentDisposition?: string
  contentEncoding?: string
}

export interface R2ConditionsLike {
  etagMatches?: string
  etagDoesNotMatch?: string
}

export interface R2GetOptionsLike {
  onlyIf?: R2ConditionsLike
  range?: { offset: number; length?: number }
}

export interface R2PutOptionsLike extends R2HeadersLike {
  onlyIf?: R2ConditionsLike
}

export interface R2ListOptionsLike {
  limit?: number
  prefix?: string
  cursor?: string
  delimiter?: string
  startAfter?: string
  include?: ('httpMetadata' | 'customMetadata')[]
}

export interface R2ObjectLike {
  readonly key: string
  readonly etag: string
  readonly size: number
  readonly uploaded: Date
  readonly httpMetadata?: R2HttpMetadataLike
  readonly customMetadata?: Record<string, string>
}

export interface R2ObjectBodyLike extends R2ObjectLike {
  readonly body: ReadableStream
}

export interface R2ObjectsLike {
  readonly objects: readonly R2ObjectLike[]
  readonly delimitedPrefixes: readonly string[]
  readonly truncated: boolean
  readonly cursor?: string
}

export interface R2MultipartUploadLike {
  readonly uploadId: string
  uploadPart(
    partNumber: number,
    value: Uint8Array<ArrayBuffer> | Blob,
  ): Promise<{ partNumber: number; etag: string }>
  complete(parts: { partNumber: number; etag: string }[]): Promise<R2ObjectLike>
  abort(): Promise<void>
}
