/**
 * `npm run simulate -- --seeds N`: N lives of the sink, and N of a run of `sluice/bytewax`, each decided by its seed, from 1 on; ends at the first that
 * fails, with its last steps. `--seed S` replays one, with all of its steps. `--mutants` puts known bugs into copies of src/, one at a time, and fails
 * if one is not found. `sinks` or `bytewax` before that does only what it names. Ends with the exit status 0 only if all is as it should be.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { root } from './install.mjs'
import { huntMutants } from './simulate/hunt-mutants.ts'
import { runSeeds, type Simulated } from './simulate/run-seeds.ts'
import { SUBJECTS, type Subject } from './simulate/subjects.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
})
const { seeds, seed, mutants } = values
for (const [name, value] of Object.entries({ seeds, seed })) {
  if (value === undefined || /^[1-9]\d{0,8}$/.test(value)) continue
  console.error(`--${name} takes a whole number from 1, not "${value}"`)
  process.exit(2)
}

const named = (positionals.length > 0 ? positionals : Object.keys(SUBJECTS)) as Subject[]
const stranger = named.find((name) => !Object.hasOwn(SUBJECTS, name))
if (stranger !== undefined) {
  console.error(`Nothing is called ${stranger}. There are: ${Object.keys(SUBJECTS).join(', ')}`)
  process.exit(2)
}

let passed = true
for (const subject of named) {
  if (seed !== undefined) passed = (await replay(subject, Number(seed))) && passed
  else if (seeds !== undefined || !mutants) {
    passed = passed && (await simulateAll(subject, Number(seeds ?? 1000)))
  }
}
if (seed === undefined && passed && mutants) passed = await huntMutants(named)
// Not by process.exit(), which cuts off what a slow reader of a long trace has not read yet: its end.
process.exitCode = passed ? 0 : 1

async function replay(subject: Subject, first: number): Promise<boolean> {
  const whole = { folder: root, subject, first, count: 1, threads: 1, whole: true }
  const failed = await runSeeds(whole, (result) => {
    console.log(result.lines.join('\n'))
    console.log(
      `${subject}, seed ${first}: ${result.steps} steps, digest ${result.digest.toString(16)}`,
    )
  })
  if (failed) console.log(`${subject}, seed ${first} FAILED: ${failed.violation}`)
  return failed === undefined
}

async function simulateAll(subject: Subject, count: number): Promise<boolean> {
  const threads = availableParallelism()
  const began = performance.now()
  const before = process.cpuUsage()
  let [done, steps] = [0, 0]
  const failed = await runSeeds({ folder: root, subject, first: 1, count, threads }, (result) => {
    done++
    steps += result.steps
  })
  const seconds = (performance.now() - began) / 1000
  // Of all threads, those that compile and collect garbage included: the same on a machine that has other work.
  const { user, system } = process.cpuUsage(before)
  const cpuSeconds = (user + system) / 1e6
  console.log(
    `${subject}: ${done} seeds, ${steps} steps in ${seconds.toFixed(1)} s on ${threads} threads: ${(done / cpuSeconds).toFixed(0)} seeds for each second of a processor`,
  )
  if (failed) tellFailure(subject, failed)
  return failed === undefined
}

function tellFailure(subject: Subject, { seed, violation, lines }: Simulated): void {
  console.log(lines.join('\n'))
  console.log(`${subject}, seed ${seed} FAILED: ${violation}`)
  console.log(`npm run simulate -- ${subject} --seed ${seed} replays it`)
}
