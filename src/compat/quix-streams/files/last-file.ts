import type { CallOptions, ObjectInfo, Store } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { digits } from '../layout.ts'
import { checkTopicName, endOf, topicIdOf } from './file-marks.ts'

/** Behind the number a name has a dot, whatever the format was: a chain goes on when it is another one. */
const NAME = /^\d{19}\.[^/]+$/

/** How far before the hint the first look begins; each one after it goes 16 times as far. */
const FIRST_LOOK = 1024n

/**
 * The file of a folder with the highest offset in its name, as `head` tells of it; `undefined` when there is none.
 *
 * `near` is where it may be. Right or wrong it only decides what that costs: a look back from it for each power of 16, instead of a
 * listing of the folder.
 */
export async function lastFile(
  store: Store,
  folder: string,
  near: bigint | undefined,
  options: CallOptions = {},
): Promise<ObjectInfo | undefined> {
  for (let back = FIRST_LOOK; ; back *= 16n) {
    const from = near === undefined || near <= back ? undefined : near - back
    const startAfter = from === undefined ? undefined : `${folder}${digits(from)}`
    let last: string | undefined
    for await (const entry of store.list({ prefix: folder, startAfter, ...options })) {
      if (entry.kind !== 'object' || !NAME.test(entry.key.slice(folder.length))) continue
      last = entry.key
    }
    if (last !== undefined) return store.head(last, options)
    if (from === undefined) return undefined
  }
}

/**
 * Where the messages behind a file begin. `already-exists` for one that says nothing of its end; `conflict` for one of messages of another topic than this, where
 * its name or both ids are known.
 */
export function endOfFile(file: ObjectInfo, topic: string, topicId: string | undefined): bigint {
  const { key } = file
  checkTopicName(file, topic)
  const end = endOf(file)
  if (end === undefined) {
    const message = `"${key}" does not say where it ends, so it is none of this sink's: use a directory of its own`
    throw new SluiceError('already-exists', message, { key })
  }
  const other = topicIdOf(file)
  if (topicId === undefined || other === undefined || other === topicId) return end
  const message = `"${key}" holds messages of another topic of this name, which was made anew since: use a directory of its own`
  throw new SluiceError('conflict', message, { key, retryable: false })
}
