import type { Awaitable } from '../contracts/index.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'

/** An access key. Never logged, never part of an error. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials (STS). */
  readonly sessionToken?: string | undefined
}

/** Fixed credentials, or a function that is asked before every attempt and does its own caching. */
export type S3CredentialsSource = S3Credentials | (() => Awaitable<S3Credentials>)

/** Keeps the credentials in a closure, where no `toString`, `JSON.stringify` or inspection of the client finds them. */
export function credentialsProvider(source: S3CredentialsSource): () => Promise<S3Credentials> {
  if (typeof source !== 'function') {
    const fixed = checked(source)
    return () => Promise.resolve(fixed)
  }
  return async () => {
    let given: S3Credentials
    try {
      given = await source()
    } catch (error) {
      throw asSluiceError(
        error,
        'unauthenticated',
        'The function that provides the S3 credentials failed',
      )
    }
    return checked(given)
  }
}

function checked(given: S3Credentials | undefined): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken } = given ?? {}
  for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey })) {
    if (typeof value !== 'string' || value === '') {
      throw new SluiceError(
        'unauthenticated',
        `The S3 credentials lack ${name}: give a non-empty text`,
      )
    }
  }
  return { accessKeyId, secretAccessKey, sessionToken } as S3Credentials
}
