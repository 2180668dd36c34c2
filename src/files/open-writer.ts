import type { Chunk, Store, Writer } from '../contracts/index.ts'
import { utf8 } from '../core/bytes.ts'
import { type ObjectWriterOptions, objectWriter } from '../core/object-writer.ts'
import type { ObjectWritten } from '../core/parts-writer.ts'

/**
 * A file that appears as a whole or not at all: under `key` when `close()` has resolved, and never after `abort()` or
 * when an `await using` scope is left without `close()`.
 *
 * Text is written as UTF-8, each call by itself: cut it between characters. Bytes belong to the writer from then on.
 * At most `(concurrency + 1) * partBytes` are held.
 *
 * ```ts
 * await using writer = openWriter(store, 'report.txt', { contentType: 'text/plain; charset=utf-8' })
 * await writer.write('one\n')
 * const { etag, bytes } = await writer.close()
 * ```
 *
 * Errors: `precondition-failed` where a condition is set, `too-large`, and the store's.
 */
export function openWriter(
  store: Store,
  key: string,
  options: Omit<ObjectWriterOptions, 'headBytes'> = {},
): Writer<Chunk | string, ObjectWritten> {
  const writer = objectWriter(store, key, options)
  return {
    write: (chunk) => writer.write(typeof chunk === 'string' ? utf8(chunk) : chunk),
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  }
}
