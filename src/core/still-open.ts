import { isSluiceError, SluiceError } from './errors.ts'

/** A failure whose upload could not be aborted (`leak`): what failed is what the caller asks about, so its code stays. */
export function stillOpen(failure: unknown, leak: unknown): unknown {
  const { uploadId } = leak as SluiceError
  if (!isSluiceError(failure) || uploadId === undefined) return leak
  return new SluiceError(
    failure.code,
    `${failure.message}; its upload could not be aborted and stays open as ${uploadId}`,
    { ...failure, uploadId, cause: failure },
  )
}
