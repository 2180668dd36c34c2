import type { CallOptions, GetResult, Store } from '../../contracts/index.ts'
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

/** Whether the file was copied there. Throws `already-exists` where something else is. */
export async function isAside(
  store: Store,
  from: string,
  to: string,
  { signal }: CallOptions,
): Promise<boolean> {
  const copy = await store.head(to, { signal })
  if (!copy) return false
  const original = await store.head(from, { signal })
  if (!original || isSameFile(original, copy)) return true
  throw new SluiceError('already-exists', `"${to}" is there, and is no copy of "${from}"`, {
    key: to,
  })
}

/** Moves a file there. Through this process, in bounded memory: not every store copies under a condition. */
export async function setAside(
  store: Store,
  from: string,
  to: string,
  { signal }: CallOptions,
): Promise<void> {
  const source = await store.get(from, { signal })
  if (source) await copyAside(store, source, to, { signal })
  const { failed } = await store.delete(from, { signal })
  if (failed[0]) throw failed[0].error
}

async function copyAside(
  store: Store,
  source: GetResult,
  to: string,
  { signal }: CallOptions,
): Promise<void> {
  const { key, contentType, metadata } = source
  const writer = objectWriter(completedByHead(store), to, {
    contentType,
    metadata,
    ...(store.capabilities.conditionalPut && { ifNoneMatch: '*' as const }),
    signal,
  })
  try {
    for await (const chunk of iterate(source.body)) await writer.write(chunk)
    await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => {})
    const isThere =
      isSluiceError(error, 'precondition-failed') && (await isAside(store, key, to, { signal }))
    if (!isThere) throw error
  }
}
