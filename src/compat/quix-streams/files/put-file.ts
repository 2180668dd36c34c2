import type { ObjectInfo, Store, WriteConditions } from '../../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../../core/errors.ts'
import { putBody } from '../../../core/put-body.ts'
import { checkTopicName, endOf, type FileMarks, idOf, metadataOf, startOf } from './file-marks.ts'

/** A file on its way to its place. */
export interface EncodedFile extends FileMarks {
  readonly key: string
  readonly body: Blob
}

/** Creates it; `fenced` when another one stands there, `conflict` when that is of another topic. */
export async function createFile(store: Store, file: EncodedFile): Promise<void> {
  const found = await putFile(store, file, { ifNoneMatch: '*' })
  if (!found) return
  const { key, topic } = file
  checkTopicName(found, topic)
  throw new SluiceError('fenced', `"${key}" was written by another consumer`, { key })
}

/**
 * Makes sure that there is a file of that name with all of these messages: one that is there and goes as far is left, a shorter one is
 * replaced. So whoever comes late with less, because it lost the partition meanwhile, changes nothing.
 *
 * Errors: `already-exists` for a file that is none of a sink's, or of messages of another topic that had this name; `conflict`
 * for one of a topic of another name, and when it changes all the time.
 */
export async function coverFile(store: Store, file: EncodedFile): Promise<void> {
  const { key } = file
  let found = await putFile(store, file, { ifNoneMatch: '*' })
  while (found) {
    checkTopicName(found, file.topic)
    const end = endOf(found)
    if (end === undefined || startOf(found) !== file.start) throw madeAnew(key)
    if (end >= file.end) return
    found = await putFile(store, file, { ifMatch: found.etag })
  }
}

export function madeAnew(key: string): SluiceError {
  const message = `"${key}" holds other messages than those of this offset: was the topic made anew? Use a directory of its own`
  return new SluiceError('already-exists', message, { key })
}

/** Writes it. Answers with the object that did not let it, which is never this file itself. */
export async function putFile(
  store: Store,
  file: EncodedFile,
  conditions: WriteConditions,
): Promise<ObjectInfo | undefined> {
  const { key, body } = file
  const { conditionalComplete } = store.capabilities
  try {
    await putBody(store, key, body, {
      contentType: body.type,
      metadata: metadataOf(file),
      ...conditions,
      // In one piece where only a put takes a condition.
      partBytes: conditionalComplete ? undefined : Math.max(1, body.size),
    })
    return undefined
  } catch (error) {
    // Where even that is not answered, the first failure tells more.
    const found = await store.head(key).catch(() => undefined)
    if (found && idOf(found) === file.id) return undefined
    if (!isSluiceError(error, 'precondition-failed')) throw error
    if (found) return found
    const message = `"${key}" went away while it was replaced`
    throw new SluiceError('conflict', message, { key, cause: error })
  }
}
