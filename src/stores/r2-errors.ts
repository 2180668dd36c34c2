import type { ErrorCode } from '../contracts/index.ts'
import { asSluiceError, type SluiceError } from '../core/errors.ts'

/** @see https://developers.cloudflare.com/r2/api/error-codes/ */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '10002': 'unauthenticated',
  '10003': 'permission-denied',
  '10006': 'not-found',
  '10007': 'not-found',
  '10011': 'invalid-options',
  '10012': 'invalid-options',
  '10013': 'network',
  '10020': 'invalid-key',
  '10024': 'not-found',
  '10025': 'invalid-options',
  '10029': 'invalid-options',
  '10031': 'precondition-failed',
  '10037': 'checksum-mismatch',
  '10039': 'invalid-options',
  '10042': 'permission-denied',
  '10048': 'invalid-options',
  '10054': 'network',
  '10058': 'slow-down',
  '10069': 'permission-denied',
  '100100': 'too-large',
}

/** Awaits a call of the binding; what it throws becomes a `SluiceError`. */
export async function callR2<T>(
  key: string,
  verb: string,
  calling: Promise<T>,
  uploadId?: string,
): Promise<T> {
  try {
    return await calling
  } catch (error) {
    throw r2Error(error, key, verb, uploadId)
  }
}

/** The binding throws plain errors whose message ends in R2's code: `put: … (10012)`. */
export function r2Error(error: unknown, key: string, verb: string, uploadId?: string): SluiceError {
  const text = error instanceof Error ? error.message : ''
  const serverCode = /\((\d+)\)$/.exec(text)?.[1]
  const message = `R2 could not ${verb} "${key}"${text && `: ${text}`}`
  return asSluiceError(error, CODES[serverCode ?? ''] ?? 'unavailable', message, {
    key,
    uploadId,
    serverCode,
  })
}
