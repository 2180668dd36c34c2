import type { CopyOptions, PutResult, Store } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { objectWriter } from '../core/object-writer.ts'
import { iterate } from '../core/reading.ts'

/**
 * Copies one object with its headers and metadata: on the server where the store can, otherwise through this process,
 * in bounded memory. `to` is replaced as a whole, or left as it was.
 *
 * Errors: `invalid-options` when both are one key; `not-found` when `from` is absent; `precondition-failed`; `not-supported` for a condition that the store
 * cannot honour here; and the store's.
 */
export async function copy(
  store: Store,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<PutResult> {
  if (from === to) {
    throw new SluiceError('invalid-options', `"${from}" cannot be copied onto itself`, {
      key: from,
    })
  }
  if (store.copy) return store.copy(from, to, options)
  return copyThrough(store, from, store, to, options)
}

/** The same from one store to another, through this process. Holds what `objectWriter` holds. */
export async function copyThrough(
  source: Store,
  from: string,
  target: Store,
  to: string,
  options: CopyOptions & { readonly concurrency?: number | undefined } = {},
): Promise<PutResult> {
  const found = await source.get(from, { signal: options.signal })
  if (!found) {
    throw new SluiceError('not-found', `There is no object "${from}" to copy from`, { key: from })
  }
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = found
  const headers = { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
  try {
    const writer = objectWriter(target, to, { ...headers, ...options })
    try {
      for await (const chunk of iterate(found.body)) await writer.write(chunk)
      const { etag } = await writer.close()
      return { etag }
    } catch (error) {
      await writer.abort(error)
      throw error
    }
  } finally {
    // What was not read to its end holds a connection or an open file.
    await found.body.cancel().catch(() => {})
  }
}
