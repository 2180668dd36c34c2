/** `npm run bench s3 [-- --json] [--rounds=N]`: see bench/README.md. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { answerOf, median, race, raceOptions, table } from './race.ts'
import type { Measured } from './s3/client.ts'
import { CONCURRENCY, CONTENDERS, PART_BYTES } from './s3/contenders.ts'

const MIB = 1024 ** 2
const BYTES = 512 * MIB
const OURS = 'sluice'
const REFERENCE = 'bare fetch'
/** How far behind the first one still counts as first: what rounds differ by. */
const TOLERANCE = 0.03
const LEAST_OF_BARE_FETCH = 0.9

const options = raceOptions(7)
const { json, rounds } = options
const names = Object.keys(CONTENDERS)
const file = (name: string): string => fileURLToPath(new URL(`s3/${name}.ts`, import.meta.url))

const server = fork(file('server'))
process.once('exit', () => server.kill())
const endpoint = String(await answerOf(server))
const runs = await race(names, options, measure)
server.kill()

/** More is better in each of them. */
const MEASURES = {
  throughput: ({ seconds }: Measured) => BYTES / seconds,
  cpu: ({ cpuSeconds }: Measured) => 1 / cpuSeconds,
  memory: ({ peakBytes }: Measured) => 1 / peakBytes,
}
const medians = Object.fromEntries(
  names.map((name) => {
    const of = runs.get(name) as Measured[]
    const middle = (pick: (run: Measured) => number): number => median(of.map(pick))
    return [
      name,
      {
        seconds: middle(({ seconds }) => seconds),
        cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
        peakBytes: middle(({ peakBytes }) => peakBytes),
      },
    ]
  }),
)
/** The reference and the second way of ours are shown, and race with nobody. */
const rivals = names.filter(
  (name) => name === OURS || !(name.startsWith(OURS) || name === REFERENCE),
)
const verdicts = Object.entries(MEASURES).map(([measure, better]) => {
  const of = (name: string): number => better(medians[name] as Measured)
  const best = Math.max(...rivals.map(of))
  return { measure, ratio: of(OURS) / best, met: of(OURS) >= best * (1 - TOLERANCE) }
})
const throughput = (name: string): number => MEASURES.throughput(medians[name] as Measured)
const ratio = throughput(OURS) / throughput(REFERENCE)
verdicts.push({ measure: 'throughput of bare fetch', ratio, met: ratio >= LEAST_OF_BARE_FETCH })

if (json) {
  console.log(JSON.stringify({ bytes: BYTES, partBytes: PART_BYTES, rounds, medians, verdicts }))
} else {
  console.log(
    `${BYTES / MIB} MiB in parts of ${PART_BYTES / MIB} MiB, ${CONCURRENCY} at once; medians of ${rounds} rounds`,
  )
  const rows = names.map((name) => {
    const { seconds, cpuSeconds, peakBytes } = medians[name] as Measured
    const of = (pick: (run: Measured) => number): string =>
      (
        pick(medians[name] as Measured) /
        Math.max(...rivals.map((rival) => pick(medians[rival] as Measured)))
      ).toFixed(2)
    return [
      name,
      (BYTES / MIB / seconds).toFixed(0),
      of(MEASURES.throughput),
      cpuSeconds.toFixed(2),
      of(MEASURES.cpu),
      (peakBytes / MIB).toFixed(0),
      of(MEASURES.memory),
    ]
  })
  console.log(table([['', 'MiB/s', 'of best', 'CPU s', 'of best', 'peak MiB', 'of best'], ...rows]))
  for (const { measure, ratio, met } of verdicts) {
    console.log(`${met ? 'met' : 'MISSED'}: ${measure} ${ratio.toFixed(2)}`)
  }
}
process.exit(verdicts.every(({ met }) => met) ? 0 : 1)

async function measure(name: string): Promise<Measured> {
  const child = fork(file('client'), [name, endpoint, String(BYTES)], { execArgv: ['--expose-gc'] })
  return (await answerOf(child)) as Measured
}
