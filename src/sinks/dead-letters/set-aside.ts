import type { CallOptions, ObjectFacts, Store } from '../../contracts/index.ts'
import { completedByHead } from '../../core/completed-by-head.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { objectWriter } from '../../core/object-writer.ts'
import { iterate } from '../../core/reading.ts'
import { isSameFile } from '../file-metadata.ts'
import { REJECTED_PARTITION, REPLAYED_PARTITION } from './lane.ts'

/** Where a replayed file goes. */
export function asideKey(stream: string, key: string): string {
  const name = key.slice(`${stream}/${REJECTED_PARTITION}/`.length)
  return `${stream}/${REPLAYED_PARTITION}/${name}`
}

/** What stands aside of this file; `undefined` when it was not copied there yet. */
export async function foundAside(
  store: Store,
  from: string,
  to: string,
  { signal }: CallOptions,
): Promise<ObjectFacts | undefined> {
  const copy = await store.head(to, { signal })
  if (!copy) return undefined
  const original = await store.head(from, { signal })
  if (original && !isSameFile(original, copy)) {
    throw new SluiceError('already-exists', `"${to}" is there, and is no copy of "${from}"`, {
      key: to,
    })
  }
  return { etag: copy.etag, bytes: copy.sizeBytes }
}

/** Copies a file there, once. Through this process, in bounded memory: not every store copies under a condition. */
export async function copyAside(
  store: Store,
  from: string,
  to: string,
  { signal }: CallOptions,
): Promise<ObjectFacts> {
  const source = await store.get(from, { signal })
  if (!source) {
    const found = await foundAside(store, from, to, { signal })
    if (found) return found
    throw new SluiceError('not-found', `"${from}" is gone from the store`, { key: from })
  }
  const { contentType, metadata } = source
  const writer = objectWriter(completedByHead(store), to, {
    contentType,
    metadata,
    ...(store.capabilities.conditionalPut && { ifNoneMatch: '*' as const }),
    signal,
  })
  try {
    for await (const chunk of iterate(source.body)) await writer.write(chunk)
    return await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => {})
    const found = isSluiceError(error, 'precondition-failed')
      ? await foundAside(store, from, to, { signal })
      : undefined
    if (found) return found
    throw error
  }
}
