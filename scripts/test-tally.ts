/** What a stage of `npm test` came to. */
export interface Tally {
  passed: number
  failed: number
  skipped: number
  /** One line for each group of skipped tests: which, and why. */
  reasons: string[]
  /** One line for each failure, which the end of the output repeats: a long log is often kept by its end alone. */
  failures: string[]
}

/** The line that ends `npm test` and .ci/run. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`
}

/** The first line of what went wrong, cut where it is long. */
export function shortReason(error: unknown): string {
  const message = (error as { message?: unknown } | undefined)?.message
  const [line = ''] = String(message ?? error).split('\n')
  return line.length > 300 ? `${line.slice(0, 300)} …` : line
}
