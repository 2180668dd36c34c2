import type { Clock, Store } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { SentParts } from '../../../core/object-upload.ts'
import { retry } from '../../../core/retry.ts'

/** A file whose bytes are all in the store, and which nobody sees before its upload is completed. */
export interface PreparedFile extends SentParts {
  /** Random: by it an object says that it is this file. */
  readonly id: string
}

const ID = 'sluice-file'

export function idMetadata(id: string): Record<string, string> {
  return { [ID]: id }
}

/**
 * Makes the file visible. May be done again, by several at once too. `fenced` when somebody else's object is there; `not-found` when
 * the upload has been ended by a lifecycle rule or a janitor: what was in it is lost.
 */
export async function publishFile(store: Store, file: PreparedFile, clock: Clock): Promise<void> {
  const { token, parts, id } = file
  const { key } = token
  // Where the completion takes no condition, the folder's only writer is who asks.
  const condition = store.capabilities.conditionalComplete && ({ ifNoneMatch: '*' } as const)
  const attempt = async (): Promise<void> => {
    try {
      await store.resumeMultipart?.(token).complete(parts, condition || {})
    } catch (error) {
      const found = await store.head(key)
      if (found?.metadata?.[ID] === id) return
      if (!found) throw error
      throw new SluiceError('fenced', `"${key}" was written by somebody else`, { key })
    }
  }
  await retry(attempt, { clock })
}
