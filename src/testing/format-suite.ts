import { checkpointCases } from './format-cases/checkpoints.ts'
import { encodingCases } from './format-cases/encoding.ts'
import type { FormatSuiteOptions } from './format-cases/tools.ts'
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
  const cases = { ...encodingCases, ...checkpointCases }
  return Object.entries(cases).map(([name, run]) => ({ name, run: () => run(options) }))
}
