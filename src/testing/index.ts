/** `sluice/testing`: proofs for your own implementations of Sluice's contracts, under any test runner. */
export type { FormatSuiteOptions } from './format-suite.ts'
export { formatSuite } from './format-suite.ts'
export type { LogSuiteOptions, LogUnderTest } from './log-suite.ts'
export { logSuite } from './log-suite.ts'
export type { StoreSuiteOptions, StoreUnderTest, SuiteCase } from './store-suite.ts'
export { storeSuite } from './store-suite.ts'
export type { VirtualClock } from './virtual-clock.ts'
export { virtualClock } from './virtual-clock.ts'
