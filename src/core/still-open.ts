import { isSluiceError, SluiceError } from './errors.ts'

/** A failure that leaves an upload open: what failed is what the caller asks about, so its code stays. */
export function withOpenUpload(failure: unknown, how: string, uploadId: string): unknown {
  if (!isSluiceError(failure)) return failure
  return new SluiceError(failure.code, `${failure.message}; ${how} as ${uploadId}`, {
    ...failure,
    uploadId,
    cause: failure.cause ?? failure,
  })
}

/** A failure whose upload was aborted: it names none that would be open. */
export function nothingOpen(failure: unknown): unknown {
  if (!isSluiceError(failure) || failure.uploadId === undefined) return failure
  const { code, message, cause } = failure
  return new SluiceError(code, message, { ...failure, uploadId: undefined, cause })
}

/** A failure whose upload could not be aborted (`leak`). */
export function stillOpen(failure: unknown, leak: unknown): unknown {
  const { uploadId } = leak as SluiceError
  if (!isSluiceError(failure) || uploadId === undefined) return leak
  return withOpenUpload(failure, 'its upload could not be aborted and stays open', uploadId)
}
