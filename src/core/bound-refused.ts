import type { Refused } from '../contracts/index.ts'

const MAX_PATH_LENGTH = 1000
const MAX_MESSAGE_LENGTH = 500

/** More than this of a record is not kept: a dead letter is there to be read, and its size must be bounded. */
export const MAX_RAW_LENGTH: number = 64 * 1024

/**
 * What is said of a refused record, in a bounded size: all of it may come from the record itself, or from whoever sent it. A
 * path that is too long, or no JSON Pointer, becomes that of the nearest place around it.
 */
export function boundRefused<T extends Omit<Refused, 'index'>>(refused: T): T {
  const { path, message, raw, exact } = refused
  const isCut = (exact ?? raw).length > MAX_RAW_LENGTH
  return {
    ...refused,
    path: boundPath(path),
    message: clipText(message, MAX_MESSAGE_LENGTH),
    raw: clipText(raw, MAX_RAW_LENGTH),
    ...(isCut && { exact: null }),
  }
}

function boundPath(path: string): string {
  if (path !== '' && !path.startsWith('/')) return ''
  if (path.length <= MAX_PATH_LENGTH) return path
  return path.slice(0, path.lastIndexOf('/', MAX_PATH_LENGTH))
}

/** The beginning of a text, never ending within a character. */
export function clipText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const last = text.charCodeAt(maxLength - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? maxLength - 1 : maxLength)
}
