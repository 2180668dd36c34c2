/**
 * `npm run simulate -- --seeds N`: N lives of the sink, each decided by its seed, from 1 on; ends at the first that fails, with its last
 * steps. `--seed S` replays one, with all of its steps. `--mutants` puts known bugs into copies of src/, one at a time, and fails
 * if one is not found. Ends with the exit status 0 only if all is as it should be.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { root } from './install.mjs'
import { huntMutants } from './simulate/hunt-mutants.ts'
import { runSeeds, type Simulated } from './simulate/run-seeds.ts'

const { values } = parseArgs({
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

let passed = true
if (seed !== undefined) passed = await replay(Number(seed))
else {
  if (seeds !== undefined || !mutants) passed = await simulateAll(Number(seeds ?? 1000))
  if (passed && mutants) passed = await huntMutants()
}
// Not by process.exit(), which cuts off what a slow reader of a long trace has not read yet: its end.
process.exitCode = passed ? 0 : 1

async function replay(first: number): Promise<boolean> {
  const whole = { folder: root, first, count: 1, threads: 1, whole: true }
  const failed = await runSeeds(whole, (result) => {
    console.log(result.lines.join('\n'))
    console.log(`seed ${first}: ${result.steps} steps, digest ${result.digest.toString(16)}`)
  })
  if (failed) console.log(`seed ${first} FAILED: ${failed.violation}`)
  return failed === undefined
}

async function simulateAll(count: number): Promise<boolean> {
  const threads = availableParallelism()
  const began = performance.now()
  let [done, steps] = [0, 0]
  const failed = await runSeeds({ folder: root, first: 1, count, threads }, (result) => {
    done++
    steps += result.steps
  })
  const seconds = (performance.now() - began) / 1000
  const rate = (done / seconds / threads).toFixed(0)
  console.log(
    `${done} seeds, ${steps} steps in ${seconds.toFixed(1)} s: ${rate} seeds/s on each of ${threads} threads`,
  )
  if (failed) tellFailure(failed)
  return failed === undefined
}

function tellFailure({ seed, violation, lines }: Simulated): void {
  console.log(lines.join('\n'))
  console.log(`seed ${seed} FAILED: ${violation}`)
  console.log(`npm run simulate -- --seed ${seed} replays it`)
}
