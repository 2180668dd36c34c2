import type { StoreCapabilities } from '../contracts/index.ts'

/** Of a store that has the five verbs and nothing else. Spread it, and say what yours can do beyond. */
export const plainCapabilities: StoreCapabilities = Object.freeze({
  conditionalPut: false,
  conditionalComplete: false,
  copy: false,
  compose: false,
  rangeGet: false,
  multipart: false,
  listUploads: false,
  maxPutBytes: 5 * 1024 ** 3,
})
