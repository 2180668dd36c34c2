import type { CallOptions, Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type ReadLinesOptions, readLines } from '../core/lines.ts'

export interface OpenLinesOptions extends CallOptions, ReadLinesOptions {}

/**
 * The lines of a file, once. Closing it, or leaving the loop or an `await using` scope, lets the connection go, also while
 * a line is waited for.
 */
export interface LineReader extends AsyncIterableIterator<string>, AsyncDisposable {
  close(): Promise<void>
}

/**
 * Reads a text file line by line, holding one line at a time. Lines come without `\n` or `\r\n`; the last one need not
 * be ended.
 *
 * ```ts
 * await using lines = await openLines(store, 'report.txt')
 * for await (const line of lines) console.log(line)
 * ```
 *
 * Errors: `not-found`; `invalid-record` for bytes that are not UTF-8; `too-large` for a line of more than
 * `maxLineBytes`, by default 16 MiB; `aborted`; and the store's.
 */
export async function openLines(
  store: Store,
  key: string,
  options: OpenLinesOptions = {},
): Promise<LineReader> {
  const found = await store.get(key, { signal: options.signal })
  if (!found) throw new SluiceError('not-found', `There is no object "${key}"`, { key })
  const lines = readLines(found.body, options)
  return Object.assign(lines, { close: () => lines.cancel() })
}
