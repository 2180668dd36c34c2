import { type FormatSuiteOptions, formatCases } from './format-cases.ts'
import type { SuiteCase } from './store-suite.ts'

export type { FormatSuiteOptions }

/**
 * The Format contract as tests, for any format that can hold records of plain values.
 *
 * ```ts
 * for (const { name, run } of formatSuite({ create: () => myFormat(), read })) test(name, run)
 * ```
 */
export function formatSuite(options: FormatSuiteOptions): readonly SuiteCase[] {
  return Object.entries(formatCases).map(([name, run]) => ({ name, run: () => run(options) }))
}
