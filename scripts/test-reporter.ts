import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'
import type { Tally } from './test-tally.ts'

/**
 * Writes what one vitest run came to, for scripts/test.ts, into the file named by `SLUICE_TALLY`.
 * (vitest's own JSON report leaves out why a test was skipped.)
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: errors.length, skipped: 0, reasons: [] }
    const groups = new Map<string, number>()
    for (const module of modules) {
      let found = 0
      for (const test of module.children.allTests()) {
        found++
        const result = test.result()
        if (result.state === 'passed') tally.passed++
        else if (result.state === 'failed') tally.failed++
        else {
          tally.skipped++
          const why =
            (result.state === 'skipped' ? result.note : undefined) ??
            `"${test.fullName}" is marked so`
          const group = `${module.project.name}: ${module.relativeModuleId}: ${why}`
          groups.set(group, (groups.get(group) ?? 0) + 1)
        }
      }
      // A file that does not load, or that holds no test, has proved nothing.
      if (module.errors().length > 0 || found === 0) tally.failed++
    }
    for (const [group, count] of groups) tally.reasons.push(`${count} of ${group}`)
    const file = process.env.SLUICE_TALLY
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default TallyReporter
