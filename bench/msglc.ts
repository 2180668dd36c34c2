/** `npm run bench msglc [-- --json] [--rounds=N] [--megabytes=N] [--python]`: see bench/README.md. */
import { execFile, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonThatHas, pythonWith } from '../scripts/test-python.ts'
import { verdictsOf } from './msglc/targets.ts'
import { type Measured, type Ours, TASKS, type Task } from './msglc/tasks.ts'
import { RECORDS_PER_MB } from './msglc/value.ts'
import { answerOf, median, race, raceOptions, table } from './race.ts'

const LATENCY_MS = 2
const MEGABYTES = 1000
const MIB = 1024 ** 2
const OURS = 'sluice'
const THEIRS = 'msglc + s3fs'
const REQUIREMENTS = new URL('../test/formats/msglc/requirements.txt', import.meta.url)

const run = promisify(execFile)
const options = raceOptions(3)
const { json, rounds } = options
const megabytes = Number(
  process.argv.find((arg) => arg.startsWith('--megabytes='))?.slice(12) ?? MEGABYTES,
)
const records = String(megabytes * RECORDS_PER_MB)
const file = (name: string): string => fileURLToPath(new URL(`msglc/${name}`, import.meta.url))
const python = await findPython()
const names = python === undefined ? [OURS] : [OURS, THEIRS]

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-msglc-'))
const server = fork(file('server.ts'), [folder, String(LATENCY_MS)])
const stopped = new Promise<void>((resolve) => void server.once('exit', () => resolve()))
try {
  const endpoint = String(await answerOf(server))
  const results: Record<string, Record<Task, Measured>> = {}
  for (const task of TASKS) {
    const runs = await race(names, options, (name) => measure(name, task, endpoint))
    const seen = new Set([...runs.values()].flat().map((each) => `${each.seen}, ${each.fileBytes}`))
    if (seen.size !== 1) throw new Error(`${task}: not all saw the same: ${[...seen].join('; ')}`)
    for (const name of names) {
      results[name] = { ...results[name], [task]: middle(runs.get(name) ?? []) } as never
    }
  }
  const ours = results[OURS] as Record<Task, Ours>
  const { heldBytes = 0 } = await measureOurs('write', endpoint, ['--held'])
  const verdicts = verdictsOf(ours, results[THEIRS], heldBytes)
  const missed = new Set(verdicts.filter(({ met }) => !met).map(({ task }) => task))
  const profiles: Record<string, readonly string[]> = {}
  for (const task of missed) {
    profiles[task] = (await measureOurs(task, endpoint, ['--profile'])).profile ?? []
  }
  if (json) {
    console.log(JSON.stringify({ megabytes, rounds, results, heldBytes, verdicts, profiles }))
  } else {
    const { fileBytes, tocBytes } = ours.write
    console.log(
      `${(fileBytes / 1e6).toFixed(0)} MB, ${(tocBytes / 1e6).toFixed(2)} MB of them the table of contents; ${LATENCY_MS} ms before each answer; medians of ${rounds} rounds`,
    )
    const rows = TASKS.flatMap((task) =>
      names.map((name) => row(task, name, results[name]?.[task])),
    )
    console.log(table([['', 'seconds', 'cpu s', 'requests', 'MB', 'peak MiB'], ...rows]))
    console.log(`sluice held ${(heldBytes / MIB).toFixed(1)} MiB at most while it wrote`)
    for (const { measure, value, most, met } of verdicts) {
      console.log(
        `${met ? 'met' : 'MISSED'}: ${measure}: ${value.toFixed(2)}, to be ${most} at most`,
      )
    }
    for (const [task, profile] of Object.entries(profiles)) {
      console.log(`where the time of ${task} went:\n${profile.join('\n')}`)
    }
  }
  process.exitCode = missed.size === 0 ? 0 : 1
} finally {
  server.kill()
  await stopped
  await rm(folder, { recursive: true })
}

async function measure(name: string, task: Task, endpoint: string): Promise<Measured> {
  if (name === OURS) return measureOurs(task, endpoint)
  const args = [file('python.py'), task, endpoint, records]
  const { stdout } = await run(python ?? '', args, { maxBuffer: MIB })
  return JSON.parse(stdout)
}

async function measureOurs(task: Task, endpoint: string, flags: string[] = []): Promise<Ours> {
  const execArgv = flags.includes('--held') ? ['--expose-gc'] : []
  const child = fork(file('client.ts'), [task, endpoint, records, ...flags], { execArgv })
  return (await answerOf(child)) as Ours
}

function middle(runs: readonly Measured[]): Measured {
  const of = (pick: (run: Measured) => number): number => median(runs.map(pick))
  return {
    ...(runs[0] as Measured),
    seconds: of(({ seconds }) => seconds),
    cpuSeconds: of(({ cpuSeconds }) => cpuSeconds),
    requests: of(({ requests }) => requests),
    bytes: of(({ bytes }) => bytes),
    peakRssBytes: of(({ peakRssBytes }) => peakRssBytes),
  }
}

function row(task: Task, name: string, measured: Measured | undefined): string[] {
  const { seconds = 0, cpuSeconds = 0, requests = 0, bytes = 0, peakRssBytes = 0 } = measured ?? {}
  return [
    `${name === OURS ? task : ''} ${name}`.trim(),
    seconds.toFixed(3),
    cpuSeconds.toFixed(3),
    String(requests),
    (bytes / 1e6).toFixed(2),
    (peakRssBytes / MIB).toFixed(0),
  ]
}

/** A Python that has both, or with `--python` one that is made. */
async function findPython(): Promise<string | undefined> {
  try {
    if (process.argv.includes('--python')) return await pythonWith(REQUIREMENTS)
    const found = await pythonThatHas(['msglc', 's3fs'], REQUIREMENTS)
    if (found === undefined) throw new Error('no Python has both; --python makes one')
    return found
  } catch (error) {
    console.error(`skipped: ${THEIRS}: ${(error as Error).message}`)
    return undefined
  }
}
