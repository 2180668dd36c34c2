/**
 * `npm start`: the Worker sink on this machine, real data through it over HTTP, and every file read back from the bucket
 * by readers that are not Sluice's. See `USAGE` in start/arguments.ts.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from './install.mjs'
import { parseStartArguments, type StartOptions, USAGE, UsageError } from './start/arguments.ts'
import { type DataSet, InputError, inputDataSet, vegaDataSets } from './start/data-sets.ts'
import { type LocalWorker, startLocalWorker } from './start/local-worker.ts'
import { count, fileTable, Progress } from './start/report.ts'
import { cameBack, closingLine, type RoundTrip, roundTrip } from './start/round-trip.ts'
import { Supervisor } from './start/supervisor.ts'

/** Records in a file, so that several files come out of one stream. */
const FILE_RECORDS = 50_000

const progress = new Progress()
process.exit(await main(process.argv.slice(2)))

async function main(args: readonly string[]): Promise<number> {
  let options: StartOptions | undefined
  let dataSets: readonly DataSet[]
  try {
    options = parseStartArguments(args)
    if (!options) {
      progress.line(USAGE)
      return 0
    }
    dataSets =
      options.input === undefined ? vegaDataSets(root) : [await inputDataSet(options.input)]
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`)
    else if (error instanceof InputError) console.error(error.message)
    else throw error
    return 2
  }
  const state = options.state === undefined ? undefined : resolve(options.state)
  if (state !== undefined) await mkdir(state, { recursive: true })
  const folder = state ?? (await mkdtemp(join(tmpdir(), 'sluice-start-')))
  try {
    return await start(options, dataSets, folder)
  } catch (error) {
    progress.line('')
    console.error(error instanceof Error ? error.message : error)
    return 1
  } finally {
    if (state === undefined) await rm(folder, { recursive: true, force: true })
  }
}

async function start(
  options: StartOptions,
  dataSets: readonly DataSet[],
  state: string,
): Promise<number> {
  const { format, once } = options
  const stream = { format, rotate: { records: FILE_RECORDS } }
  progress.line('Starting the Worker …')
  const supervisor = new Supervisor((line) => progress.line(line))
  const worker = await startLocalWorker({
    root,
    state,
    port: options.port,
    streams: Object.fromEntries(dataSets.map((dataSet) => [dataSet.stream, stream])),
    onLog: (line) => progress.line(`the Worker says: ${line}`),
    onExit: (signal) => supervisor.exited(signal),
  })
  supervisor.watch(worker)
  try {
    progress.line(`The Worker listens on ${worker.url} (workerd, process ${worker.pid}).`)
    if (!worker.hasDemo) progress.line('The web demo is not built; going on without it.')
    const work = streamAll(dataSets, worker, options)
    const done = await Promise.race([work, supervisor.stopped])
    if (typeof done === 'number') return done
    const isBroken = done.some(({ problems }) => problems.length > 0)
    if (once || isBroken) return cameBack(done) ? 0 : 1
    progress.line(
      worker.hasDemo
        ? `\nThe web demo: ${worker.url}/#token=${worker.token}\nCtrl-C stops it.`
        : '\nThe Worker stays up until Ctrl-C.',
    )
    supervisor.workIsDone()
    return await supervisor.stopped
  } finally {
    supervisor.stop()
    await worker.stop()
  }
}

async function streamAll(
  dataSets: readonly DataSet[],
  worker: LocalWorker,
  { format }: StartOptions,
): Promise<readonly RoundTrip[]> {
  const done: RoundTrip[] = []
  for (const dataSet of dataSets) {
    const trip = roundTrip(dataSet, { worker, format, progress })
    done.push(await trip.catch((cause: Error) => failed(dataSet, cause)))
  }
  const files = done.flatMap((trip) => trip.files)
  if (files.length > 0) progress.line(`\n${fileTable(files)}\n`)
  for (const { dataSet, rejected, problems } of done) {
    if (rejected.length > 0) {
      const [first] = rejected
      progress.line(
        `${dataSet.name}: ${count(rejected.length)} rejected and kept as dead letters; ` +
          `the first is record ${count((first?.index ?? 0) + 1)}${first?.path && `, ${first.path}`}: ${first?.message}`,
      )
    }
    for (const problem of problems) progress.line(`${dataSet.name}: ${problem}`)
  }
  progress.line(closingLine(done))
  return done
}

/** What readers and the Worker say does not name the file. */
function failed({ name }: DataSet, cause: Error): never {
  throw new Error(`${name}: ${cause.message}`, { cause })
}
