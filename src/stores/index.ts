/** `sluice/stores`: wrappers around any store, and what a store of one's own is made of. */
export { throwIfAborted } from '../core/errors.ts'
export { checkKey, checkPrefix, compareKeys } from '../core/keys.ts'
export {
  checkHeaders,
  checkPart,
  checkParts,
  checkRange,
  checkSize,
  refuseConditions,
  refuseRange,
  resolveRange,
} from './check-options.ts'
export { type BodySource, getResult } from './get-result.ts'
export { plainCapabilities } from './plain-capabilities.ts'
export { selectKeys } from './select-keys.ts'
export { withPrefix } from './with-prefix.ts'
