/**
 * `npm run conformance [server …] [runtime …] [--case TEXT]`: the store suite and the client suite in each runtime against each
 * server, and the suites that need no server in each runtime, as a table. Words leave out the rows or columns that are not named.
 * Ends with 0 only when every cell passes; what is missing here is said, and leaves its row or column empty.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { chromiumRuntime } from './conformance/chromium.ts'
import { processRuntimes } from './conformance/processes.ts'
import type { CaseLine, CellLine, Runtime } from './conformance/runtime.ts'
import { type RunningServer, SERVERS, startServed } from './conformance/servers.ts'
import { type Counts, printTable } from './conformance/table.ts'
import { workerdRuntime } from './conformance/workerd.ts'
import { shortReason, type Tally } from './test-tally.ts'

const NO_SERVER = 'none'
const ROWS: readonly string[] = [NO_SERVER, ...SERVERS]
const COLUMNS: readonly string[] = ['node20', 'node24', 'deno', 'bun', 'workerd', 'chromium']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { case: { type: 'string' } },
})
const unknown = positionals.filter((word) => !ROWS.includes(word) && !COLUMNS.includes(word))
if (unknown.length > 0) {
  console.error(
    `unknown: ${unknown.join(', ')}. Servers: ${ROWS.join(', ')}. Runtimes: ${COLUMNS.join(', ')}.`,
  )
  process.exit(2)
}

const chosen = (all: readonly string[]): readonly string[] => {
  const named = all.filter((name) => positionals.includes(name))
  return named.length > 0 ? named : all
}
const kinds = chosen(ROWS)
const names = chosen(COLUMNS)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Ends with its children: `exit` handlers stop them, or the end of their input.
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
}

const skips: string[] = []
const failures: string[] = []
const began = Date.now()
const runtimes = await startRuntimes()
const servers = await Promise.all(
  kinds.filter((kind) => kind !== NO_SERVER).map((kind) => startServed(kind)),
)
for (const { kind, missing } of servers) if (missing) skips.push(`${kind}: ${missing}`)
for (const { name, missing } of runtimes) if (missing) skips.push(`${name}: ${missing}`)

const rows: readonly RunningServer[] = [
  ...(kinds.includes(NO_SERVER) ? [{ kind: NO_SERVER, stop: async () => {} }] : []),
  ...servers.filter(({ missing }) => missing === undefined),
]
const columns = runtimes.filter(({ missing }) => missing === undefined)
const results = new Map<string, Counts>()
const queue = rows.flatMap((row) => columns.map((column) => ({ row, column }))).values()
await Promise.all(
  Array.from({ length: Math.min(4, availableParallelism()) }, async () => {
    for (const { row, column } of queue) {
      results.set(`${row.kind} ${column.name}`, await runOne(row, column))
    }
  }),
)
await Promise.all([...servers.map(({ stop }) => stop()), ...runtimes.map(({ stop }) => stop?.())])

printTable(kinds, names, results)
for (const skip of skips) console.log(`skipped: ${skip}`)
const all = [...results.values()]
const failed = all.reduce((sum, counts) => sum + counts.failed, 0)
const ran = all.reduce((sum, counts) => sum + ranIn(counts), 0)
const passing = all.filter((counts) => counts.failed === 0).length
console.log(
  `${passing} of ${all.length} cells pass in ${((Date.now() - began) / 1000).toFixed(0)} s`,
)
tellTally()
if (ran === 0) console.log('nothing was run')
process.exit(failed > 0 || ran === 0 ? 1 : 0)

async function startRuntimes(): Promise<readonly Runtime[]> {
  const processes = (await processRuntimes()).filter(({ name }) => names.includes(name))
  return [
    ...processes,
    ...(names.includes('workerd') ? [await workerdRuntime()] : []),
    ...(names.includes('chromium') ? [await chromiumRuntime()] : []),
  ]
}

async function runOne({ kind, served }: RunningServer, runtime: Runtime): Promise<Counts> {
  const counts: Counts = { passed: 0, 'not-supported': 0, excepted: 0, failed: 0 }
  const title = `${kind} in ${runtime.name}`
  const began = Date.now()
  let announced: number | undefined
  const fail = (why: string): void => {
    console.log(`FAILED ${title}: ${why}`)
    failures.push(`${title}: ${shortReason(why)}`)
  }
  const tell = (line: CaseLine | CellLine): void => {
    if ('cases' in line) {
      announced = line.cases
      return
    }
    const { suite, name, status, reason } = line
    counts[status]++
    if (status === 'failed') fail(`${suite} > ${name}: ${reason}`)
  }
  const told = (): number => ranIn(counts) + counts.failed
  try {
    await runtime.run({ runtime: runtime.name, server: served, only: values.case }, tell)
    // A word may be meant for one of the suites.
    const whole = announced === told() && (announced > 0 || values.case !== undefined)
    if (!whole) throw new Error(`it told of ${told()} of ${announced} cases`)
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
    counts.failed++
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${title}: ${ranIn(counts)} as they should, ${counts.failed} failed, in ${seconds} s`)
  return counts
}

function ranIn(counts: Counts): number {
  return counts.passed + counts['not-supported'] + counts.excepted
}

/** For scripts/test.ts. */
function tellTally(): void {
  const file = process.env.SLUICE_TALLY
  if (file === undefined) return
  const tally: Tally = {
    ...{ passed: ran, failed, skipped: skips.length },
    reasons: skips.map((skip) => `conformance: ${skip}`),
    failures,
  }
  writeFileSync(file, JSON.stringify(tally))
}
