/** `npm run bench parquet [-- --json] [--rounds=N] [--set=a] [--python]`: see bench/README.md. */
import { findChromium, NO_CHROMIUM } from '../scripts/test-chromium.ts'
import { pythonThatHas, pythonWith } from '../scripts/test-python.ts'
import { bundleBytes } from './parquet/bundles.ts'
import { CONTENDERS } from './parquet/contenders.ts'
import { SETS } from './parquet/flights.ts'
import { raceSet, type SetResult } from './parquet/one-set.ts'
import { inChromium } from './parquet/platforms/chromium.ts'
import type { PlatformRun } from './parquet/platforms/peak-growth.ts'
import { inWorkerd } from './parquet/platforms/workerd.ts'
import type { DataSet } from './parquet/sets.ts'
import { OURS } from './parquet/targets.ts'
import { raceOptions, table } from './race.ts'

const MB = 1e6
const MIB = 1024 ** 2
/** A Worker has 128 MiB for the rows, too. */
const PLATFORM_ROWS = 100_000
const REQUIREMENTS = new URL('../test/formats/parquet/requirements.txt', import.meta.url)

const options = raceOptions(3)
const { json, rounds } = options
const only = process.argv.find((arg) => arg.startsWith('--set='))?.slice(6)
const sets = Object.entries(SETS).filter(([name]) => only === undefined || only === name)
if (sets.length === 0) throw new Error(`There is no set ${only}, but ${Object.keys(SETS)}`)

const python = await findPython()
const results: Record<string, SetResult> = {}
for (const [name, set] of sets) {
  results[name] = await raceSet(name, set, Object.keys(CONTENDERS), options, python)
  if (!json) print(name, set, results[name])
}
const bundles = await bundleBytes()
const failedPlatforms: string[] = []
const hasChromium = findChromium() !== undefined
if (!hasChromium) console.error(`skipped: Chromium: ${NO_CHROMIUM}`)
const platforms = {
  workerd: await elsewhere('workerd', inWorkerd),
  chromium: hasChromium ? await elsewhere('Chromium', inChromium) : undefined,
}
if (json) {
  console.log(JSON.stringify({ rounds, results, bundles, platforms }))
} else {
  console.log(`\nbundles, minified and gzipped\n`)
  console.log(table(Object.entries(bundles).map(([name, bytes]) => [name, `${bytes} B`])))
  console.log(`\n${PLATFORM_ROWS} rows of set a elsewhere, one run\n`)
  const measured = Object.entries(platforms).map(([name, run]) => [
    name,
    run?.rowsPerSecond.toFixed(0) ?? '-',
    run?.peakBytes === undefined ? '-' : (run.peakBytes / MIB).toFixed(0),
  ])
  console.log(table([['', 'rows/s', 'peak MiB'], ...measured]))
}
const good =
  failedPlatforms.length === 0 &&
  Object.values(results).every(
    ({ verdicts, failed }) => failed.length === 0 && verdicts.every(({ met }) => met),
  )
process.exit(good ? 0 : 1)

/** A Python that has pyarrow, or with `--python` one that is made. */
async function findPython(): Promise<string | undefined> {
  try {
    if (process.argv.includes('--python')) return await pythonWith(REQUIREMENTS)
    const found = await pythonThatHas(['pyarrow'], REQUIREMENTS)
    if (found === undefined) throw new Error('no Python has it; --python makes one')
    return found
  } catch (error) {
    console.error(`skipped: pyarrow: ${(error as Error).message}`)
    return undefined
  }
}

async function elsewhere(
  platform: string,
  measure: (rows: number) => Promise<PlatformRun>,
): Promise<{ rowsPerSecond: number; peakBytes?: number } | undefined> {
  try {
    const { seconds, ...peak } = await measure(PLATFORM_ROWS)
    return { rowsPerSecond: PLATFORM_ROWS / seconds, ...peak }
  } catch (error) {
    console.error(`FAILED: ${platform}: ${(error as Error).message}`)
    failedPlatforms.push(platform)
    return undefined
  }
}

function print(name: string, set: DataSet, { medians, verdicts, profiles }: SetResult): void {
  console.log(`\nset ${name}: ${set.what}; medians of ${rounds} rounds\n`)
  const ours = medians[OURS]?.rowsPerSecond ?? Number.NaN
  const rows = Object.entries(medians).map(
    ([contender, { rowsPerSecond, fileBytes, peakBytes }]) => [
      contender,
      rowsPerSecond.toFixed(0),
      (ours / rowsPerSecond).toFixed(2),
      (fileBytes / MB).toFixed(2),
      peakBytes === undefined ? '-' : (peakBytes / MIB).toFixed(0),
    ],
  )
  console.log(table([['', 'rows/s', `${OURS} is ×`, 'MB', 'peak MiB'], ...rows]))
  for (const { measure, ratio, target, met } of verdicts) {
    console.log(`${met ? 'met' : 'MISSED'}: ${measure}: ${ratio.toFixed(2)}, to be ${target}`)
  }
  for (const [contender, profile] of Object.entries(profiles)) {
    console.log(`where the time of ${contender} went:\n${profile.join('\n')}`)
  }
}
