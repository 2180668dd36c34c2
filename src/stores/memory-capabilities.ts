import type { MultipartLimits, StoreCapabilities } from '../contracts/index.ts'

/** What a `memoryStore` is to lack or to demand; what is not named is as S3 has it. */
export type MemoryCapabilities = Partial<Omit<StoreCapabilities, 'multipart'>> & {
  readonly multipart?: false | Partial<MultipartLimits>
}

const GIB = 1024 ** 3
const S3_LIMITS: MultipartLimits = {
  minPartBytes: 5 * 1024 ** 2,
  maxPartBytes: 5 * GIB,
  maxParts: 10_000,
  equalParts: false,
}

export function memoryCapabilities(wanted: MemoryCapabilities = {}): StoreCapabilities {
  const multipart =
    wanted.multipart === false ? false : Object.freeze({ ...S3_LIMITS, ...wanted.multipart })
  return Object.freeze({
    conditionalPut: true,
    copy: true,
    compose: true,
    rangeGet: true,
    maxPutBytes: 5 * GIB,
    ...wanted,
    multipart,
    conditionalComplete: multipart !== false && (wanted.conditionalComplete ?? true),
    listUploads: multipart !== false && (wanted.listUploads ?? true),
  })
}
