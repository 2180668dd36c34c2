/**
 * `npm run conformance`: the published suites in Node 20, Deno and Bun, as a table. `npm test` runs them too, and the same
 * suites in the current Node and in workerd through vitest.
 */
import { bundleSuite, runSuite, runtimes } from './test-runtimes.ts'
import type { Tally } from './test-tally.ts'

const LIMIT_MS = 10 * 60_000

const file = await bundleSuite()
const tallies = new Map<string, Tally>()
for (const runtime of runtimes) {
  console.log(`\n── ${runtime.name}`)
  tallies.set(runtime.name, await runSuite(runtime, file, LIMIT_MS))
}

console.log(
  `\n${'runtime'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(8)}`,
)
for (const [name, { passed, failed, skipped }] of tallies) {
  console.log(
    `${name.padEnd(10)}${[passed, failed, skipped].map((n) => String(n).padStart(8)).join('')}`,
  )
}
for (const { reasons } of tallies.values())
  for (const reason of reasons) console.log(`skipped: ${reason}`)
process.exit([...tallies.values()].some(({ failed }) => failed > 0) ? 1 : 0)
