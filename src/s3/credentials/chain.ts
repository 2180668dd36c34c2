import { asSluiceError, isSluiceError, SluiceError } from '../../core/errors.ts'
import type { S3Credentials, S3CredentialsSource } from '../credentials.ts'

/**
 * The first source that has credentials, asked in this order; from then on that source, until it has none any more.
 *
 * The next one is asked only where a source says that it has none: `unauthenticated` without a server's status. Any
 * other failure is the chain's: whoever set a source up does not want to be somebody else when it fails.
 *
 * Errors: `unauthenticated` when no source has any, with what each said; that of the source which failed, with what those
 * before it said.
 */
export function chain(...sources: readonly S3CredentialsSource[]): () => Promise<S3Credentials> {
  let last: S3CredentialsSource | undefined

  return async () => {
    const reasons: string[] = []
    const order = last === undefined ? sources : [last, ...sources.filter((one) => one !== last)]
    for (const source of order) {
      try {
        const given = typeof source === 'function' ? await source() : source
        last = source
        return given
      } catch (cause) {
        if (!hasNone(cause)) throw reasons.length === 0 ? cause : afterOthers(cause, reasons)
        reasons.push(cause.message)
      }
    }
    last = undefined
    throw new SluiceError('unauthenticated', `There are no S3 credentials: ${reasons.join('; ')}`)
  }
}

function hasNone(error: unknown): error is SluiceError {
  return isSluiceError(error, 'unauthenticated') && error.status === undefined
}

function afterOthers(cause: unknown, reasons: readonly string[]): SluiceError {
  const failed = 'A function that provides S3 credentials failed'
  const error = asSluiceError(cause, 'unauthenticated', failed)
  return new SluiceError(error.code, `${error.message} (before that: ${reasons.join('; ')})`, {
    ...error,
    cause,
  })
}
