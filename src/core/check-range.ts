import type { GetOptions } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'

/** Throws `invalid-options` for a range that no object could satisfy. Needs no object, so it comes before the request. */
export function checkRange(key: string, range: GetOptions['range']): void {
  if (!range) return
  const { start, end = Number.MAX_SAFE_INTEGER } = range
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start) return
  const message = `"${key}": [${start}, ${range.end ?? ''}) is not a range of bytes`
  throw new SluiceError('invalid-options', message, { key })
}
