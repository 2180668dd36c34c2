import { dirname } from 'node:path'
import type { ErrorCode } from '../contracts/index.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'
import { oneLine } from './io.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  EISDIR: 'invalid-options',
  ELOOP: 'invalid-options',
  ENAMETOOLONG: 'invalid-options',
  ERR_INVALID_ARG_VALUE: 'invalid-options',
}

/** What the file system said, as one of our errors. */
export function fileError(error: unknown, doing: 'Reading' | 'Writing', path: string): SluiceError {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && doing === 'Reading') return notFound(path)
  // The file itself need not be there to be written.
  const said =
    code === 'ENOENT' ? `: there is no folder ${oneLine(dirname(path))}` : code && ` with ${code}`
  return asSluiceError(
    error,
    CODES[code] ?? 'unavailable',
    `${doing} ${oneLine(path)} failed${said}`,
  )
}

export function notFound(what: string): SluiceError {
  return new SluiceError('not-found', `There is no ${oneLine(what)}`)
}
