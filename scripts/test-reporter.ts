import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'
import { shortReason, type Tally } from './test-tally.ts'

/**
 * Writes what one vitest run came to, for scripts/test.ts, into the file named by `SLUICE_TALLY`.
 * (vitest's own JSON report leaves out why a test was skipped.)
 * What failed outside of any test, such as a rejection that nobody handles, counts as one failure each.
 */
export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const failures = errors.map(
      (error) => `outside of tests, near ${error.VITEST_TEST_PATH}: ${shortReason(error)}`,
    )
    const groups = new Map<string, number>()
    let passed = 0
    let skipped = 0
    for (const module of modules) {
      const name = `${module.project.name}: ${module.relativeModuleId}`
      let found = 0
      for (const test of module.children.allTests()) {
        found++
        const result = test.result()
        if (result.state === 'passed') passed++
        else if (result.state === 'failed') {
          failures.push(`${name}: "${test.fullName}": ${shortReason(result.errors[0])}`)
        } else {
          skipped++
          const why =
            (result.state === 'skipped' ? result.note : undefined) ??
            `"${test.fullName}" is marked so`
          const group = `${name}: ${why}`
          groups.set(group, (groups.get(group) ?? 0) + 1)
        }
      }
      // A file that does not load, or that holds no test, has proved nothing.
      const [error] = module.errors()
      if (error !== undefined) failures.push(`${name}: ${shortReason(error)}`)
      else if (found === 0) failures.push(`${name}: it holds no test`)
    }
    const reasons = [...groups].map(([group, count]) => `${count} of ${group}`)
    const tally: Tally = { passed, failed: failures.length, skipped, reasons, failures }
    const file = process.env.SLUICE_TALLY
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default TallyReporter
