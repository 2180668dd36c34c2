import type { MultipartLimits, MultipartUpload } from '../contracts/index.ts'
import { checkConditions, checkPart, checkParts } from './check-options.ts'

/** The upload, with what its limits forbid refused before it is sent. */
export function checkedUpload(
  upload: MultipartUpload,
  limits: MultipartLimits,
  conditionalComplete: boolean,
): MultipartUpload {
  const { key } = upload
  return {
    ...upload,
    async putPart(partNumber, body, call) {
      const sizeBytes = body instanceof Blob ? body.size : body.byteLength
      checkPart(key, partNumber, sizeBytes, limits)
      return upload.putPart(partNumber, body, call)
    },
    async complete(parts, call = {}) {
      checkParts(key, parts, limits)
      checkConditions(key, call, conditionalComplete, 'complete')
      return upload.complete(parts, call)
    },
  }
}
