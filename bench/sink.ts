/** `npm run bench sink [-- --json] [--rounds=N]`: see bench/README.md. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { answerOf, median, race, raceOptions, table } from './race.ts'
import type { Measured } from './sink/client.ts'
import { compiled } from './sink/compiled.ts'
import { CONTENDERS, REFERENCE } from './sink/contenders.ts'

const RECORDS = 2_000_000
const LEAST_OF_ENCODER = 0.6
const MIB = 1024 ** 2
const MOST_RSS_MIB = 160
/** What docs/sinks.md recommends where memory counts: all contenders have it. */
const FLAGS = ['--max-semi-space-size=8']
/** The aim, once the encoder is the fast one. */
const AIM_RECORDS_PER_SECOND = 300_000

const options = raceOptions(5)
const { json, rounds } = options
const names = Object.keys(CONTENDERS)
const client = await compiled('client')

const server = fork(fileURLToPath(new URL('sink/server.ts', import.meta.url)))
process.once('exit', () => server.kill())
const endpoint = String(await answerOf(server))
const runs = await race(names, options, measure)
server.kill()

const medians = Object.fromEntries(
  names.map((name) => {
    const of = (pick: (run: Measured) => number): number =>
      median((runs.get(name) as Measured[]).map(pick))
    return [
      name,
      {
        recordsPerSecond: of(({ seconds }) => RECORDS / seconds),
        cpuSeconds: of(({ cpuSeconds }) => cpuSeconds),
        peakRssMiB: of(({ peakRssBytes }) => peakRssBytes / MIB),
      },
    ]
  }),
)
type Median = (typeof medians)[string]
const reference = medians[REFERENCE] as Median
const verdicts = names
  .filter((name) => name !== REFERENCE)
  .flatMap((name) => {
    const { recordsPerSecond, peakRssMiB } = medians[name] as Median
    const ratio = recordsPerSecond / reference.recordsPerSecond
    return [
      {
        of: name,
        measure: `of the bare encoder's rate`,
        value: ratio,
        met: ratio >= LEAST_OF_ENCODER,
      },
      {
        of: name,
        measure: 'MiB of memory at most',
        value: peakRssMiB,
        met: peakRssMiB <= MOST_RSS_MIB,
      },
    ]
  })

if (json) {
  console.log(JSON.stringify({ records: RECORDS, rounds, medians, verdicts }))
} else {
  console.log(`${RECORDS} records; medians of ${rounds} rounds`)
  const rows = names.map((name) => {
    const { recordsPerSecond, cpuSeconds, peakRssMiB } = medians[name] as Median
    return [
      name,
      recordsPerSecond.toFixed(0),
      (recordsPerSecond / reference.recordsPerSecond).toFixed(2),
      (recordsPerSecond / AIM_RECORDS_PER_SECOND).toFixed(2),
      cpuSeconds.toFixed(2),
      peakRssMiB.toFixed(0),
    ]
  })
  console.log(table([['', 'records/s', 'of encoder', 'of 300,000', 'CPU s', 'peak MiB'], ...rows]))
  for (const { of, measure, value, met } of verdicts) {
    console.log(`${met ? 'met' : 'MISSED'}: ${of}, ${value.toFixed(2)} ${measure}`)
  }
}
process.exit(verdicts.every(({ met }) => met) ? 0 : 1)

async function measure(name: string): Promise<Measured> {
  const child = fork(client, [name, endpoint, String(RECORDS)], { execArgv: FLAGS })
  const measured = (await answerOf(child)) as Measured
  // So that nobody wins by writing less.
  server.send('count')
  const found = Number(await answerOf(server))
  const expected = name === REFERENCE ? 0 : RECORDS
  if (found !== expected) throw new Error(`${name} wrote ${found} records, not ${expected}`)
  return measured
}
