import type { MultipartUpload, Store } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'
import type { UploadTarget } from './object-upload.ts'

/**
 * A store whose completions take conditions, also where its own take none: then the key is looked at just before, which leaves a
 * moment in which another writer may be overwritten. For callers who are the only writer of the key.
 */
export function completedByHead(store: UploadTarget & Pick<Store, 'head'>): UploadTarget {
  const { capabilities, createMultipart, resumeMultipart } = store
  if (capabilities.conditionalComplete) return store
  return {
    capabilities: { ...capabilities, conditionalComplete: true },
    put: store.put.bind(store),
    ...(createMultipart && {
      createMultipart: async (key, options) =>
        headedUpload(store, await createMultipart.call(store, key, options)),
    }),
    ...(resumeMultipart && {
      resumeMultipart: (token) => headedUpload(store, resumeMultipart.call(store, token)),
    }),
  }
}

function headedUpload(store: Pick<Store, 'head'>, upload: MultipartUpload): MultipartUpload {
  const { key, uploadId } = upload
  return {
    key,
    uploadId,
    putPart: upload.putPart.bind(upload),
    abort: upload.abort.bind(upload),
    toJSON: upload.toJSON.bind(upload),
    async complete(parts, { ifNoneMatch, ifMatch, signal } = {}) {
      const found =
        (ifNoneMatch ?? ifMatch) === undefined ? undefined : await store.head(key, { signal })
      if ((ifNoneMatch && found) || (ifMatch !== undefined && found?.etag !== ifMatch)) {
        const message = `"${key}" ${found ? 'exists as another version' : 'does not exist'}`
        throw new SluiceError('precondition-failed', message, { key })
      }
      return upload.complete(parts, { signal })
    },
  }
}
