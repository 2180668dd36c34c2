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
    // Refused where the log's next owner, in this process too, has taken it over.
    if (file.upload) {
      await endUpload(file, file.upload, meansOf(item, options, signal)).catch(() => {})
    }
  }
}
