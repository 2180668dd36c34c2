import type { ErrorCode } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'

/** What was asked for by the caller, and not what is wrong with the object. */
const ASKED: readonly ErrorCode[] = ['not-found', 'invalid-options', 'aborted']

/** What is wrong with an object is told with its key, where there is one: nothing further in knows what it reads. */
export async function ofObject<T>(key: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw withKey(key, error)
  }
}

export function withKey(key: string | undefined, error: unknown): unknown {
  if (key === undefined || !isSluiceError(error)) return error
  if (error.key !== undefined || ASKED.includes(error.code)) return error
  return new SluiceError(error.code, `"${key}": ${error.message}`, { ...error, key, cause: error })
}
