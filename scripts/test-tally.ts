/** What a stage of `npm test` came to. */
export interface Tally {
  passed: number
  failed: number
  skipped: number
  /** One line for each group of skipped tests: which, and why. */
  reasons: string[]
}

/** The line that ends `npm test` and .ci/run. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`
}
