import { isSluiceError } from '../../core/errors.ts'
import { retry } from '../../core/retry.ts'
import type { Publication } from './publication.ts'
import { endUpload } from './publish.ts'
import type { Queued } from './publish-queue.ts'
import type { PublisherOptions } from './publisher-options.ts'

/** What it takes to bring, or to give up, whichever file. */
type Means = Omit<Publication, 'createOnly' | 'format' | 'schema' | 'guide' | 'upload'>

/** For this one; what becomes of its upload is remembered. */
export function meansOf(
  item: Queued,
  { store, session, clock, uploads, tell }: PublisherOptions,
  signal: AbortSignal,
): Means {
  return {
    store,
    session,
    clock,
    signal,
    onUpload: (progress) => {
      item.file = { ...item.file, upload: progress }
      if (progress) uploads.set(item.file.id, progress)
      else uploads.delete(item.file.id)
    },
    onUploadLeft: ({ key, uploadId }) => tell({ type: 'upload-left', key, uploadId }),
  }
}

/** Nobody will go on with them: the log is gone when its owner is. */
export async function endUploads(
  items: readonly Queued[],
  options: PublisherOptions,
): Promise<void> {
  // The sink's own has fired.
  const { signal } = new AbortController()
  for (const item of items) {
    const { file } = item
    const { upload } = file
    if (!upload) continue
    const means = meansOf(item, options, signal)
    try {
      // Each time the log is asked anew whose it is.
      await retry(() => endUpload(file, upload, means), { clock: options.clock })
    } catch (error) {
      // Its log's next owner, in this process too, has taken it over.
      if (!isSluiceError(error, 'fenced')) means.onUploadLeft(upload.token)
    }
  }
}
