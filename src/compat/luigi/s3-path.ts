import { SluiceError } from '../../core/errors.ts'

/** Where a path leads. `key` is `''` for the bucket itself. */
export interface S3Place {
  readonly bucket: string
  readonly key: string
}

const PATH = /^s3[an]?:\/\/([^/]+)(?:\/([\s\S]*))?$/

/**
 * The bucket and the key of `s3://bucket/key`; `s3n:` and `s3a:` mean the same. The key is taken as it stands: `?`, `#`, `%20` and `+`
 * are characters of it, and so is a second slash after the bucket.
 *
 * Errors: `invalid-options` for another scheme, or none, for a path without a bucket, and for one with a key and a secret before it, as Hadoop had them.
 */
export function parseS3Path(path: string): S3Place {
  const [, bucket, key = ''] = PATH.exec(path) ?? []
  // A secret may hold a slash: then only its beginning stands where the bucket does.
  if (bucket !== undefined && !/[:@]/.test(bucket)) return { bucket, key }
  // What may hold one is not repeated.
  const shown = bucket === undefined && !path.includes('@') ? JSON.stringify(path) : 'This'
  const message = `${shown} is no path of S3: write s3://bucket/key, and give credentials as options`
  throw new SluiceError('invalid-options', message)
}

/** Whether it is the bucket itself. */
export function isRoot({ key }: S3Place): boolean {
  return key === '' || key === '/'
}

/** A folder's name without the slash that it may end in: what its markers and its parent are found by. */
export function folderName(key: string): string {
  return key.endsWith('/') ? key.slice(0, -1) : key
}

/** The object that Hadoop's tools leave for a folder, beside the one whose key ends in a slash. */
export function folderMarker(key: string): string {
  return `${folderName(key)}_$folder$`
}
