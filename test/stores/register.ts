import { test } from 'vitest'
import type { SuiteCase } from '../../src/testing/store-suite.ts'

/** Each case of a published suite as a test of vitest. The reason of one that is skipped is in its name. */
export function registerSuite(cases: readonly SuiteCase[]): void {
  for (const { name, skip, run } of cases) {
    if (skip === undefined) test(name, { timeout: 60_000 }, run)
    else test.skip(`${name} (skipped: ${skip})`, run)
  }
}
