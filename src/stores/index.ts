/** `sluice/stores`: wrappers around any store, and what a store of one's own is made of. */
export { compareKeys } from '../core/keys.ts'
export { type BodySource, getResult } from './get-result.ts'
export { plainCapabilities } from './plain-capabilities.ts'
export { selectKeys } from './select-keys.ts'
export { type PlainStore, withChecks } from './with-checks.ts'
export { withPrefix } from './with-prefix.ts'
