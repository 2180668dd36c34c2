import type { CallOptions, PutOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { UploadOptions } from '../../core/object-upload.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'

/** What boto3 calls `ExtraArgs`: headers, conditions, and how S3 is to keep the object. */
export interface S3PutOptions extends PutOptions, S3StorageOptions {}

export interface S3PutMultipartOptions extends S3PutOptions {
  /** Size of a part in bytes, and the most that goes in one piece. Default 8 MiB; raised to what the store demands. */
  readonly partSize?: number | undefined
}

/** The same options, each where it belongs. */
export interface DividedOptions {
  readonly storage: S3StorageOptions | undefined
  readonly upload: UploadOptions & CallOptions
}

const STORAGE = ['storageClass', 'serverSideEncryption', 'tags'] as const
const PUT_OPTIONS = [
  ...STORAGE,
  ...['contentType', 'cacheControl', 'contentDisposition', 'contentEncoding', 'metadata'],
  ...['ifNoneMatch', 'ifMatch', 'signal', 'partSize'],
]
/** A copy has the headers of its source. */
export const COPY_OPTIONS: readonly string[] = [...STORAGE, 'signal']

/** Throws `invalid-options` for a name that is none of `known`, before anything is read or sent: it would change nothing, in silence. */
export function dividedOptions(
  options: S3PutMultipartOptions,
  known: readonly string[] = PUT_OPTIONS,
): DividedOptions {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const own = known.find((name) => name.toLowerCase() === unknown.toLowerCase())
    const hint = own ? `it is written ${own}` : `there are ${known.join(', ')}`
    const message = `${unknown} is no option here; ${hint}`
    throw new SluiceError('invalid-options', message)
  }
  const { storageClass, serverSideEncryption, tags, partSize, ...upload } = options
  const storage = { storageClass, serverSideEncryption, tags }
  const isGiven = Object.values(storage).some((value) => value !== undefined)
  return { storage: isGiven ? storage : undefined, upload: { ...upload, partBytes: partSize } }
}
