import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { answerOf, median, type RaceOptions, race } from '../race.ts'
import { fromColumns, profileOfColumns } from './beside-duckdb.ts'
import { byPyarrow } from './beside-python.ts'
import type { Measured } from './client.ts'
import type { DataSet } from './sets.ts'
import { COLUMNS, DUCKDB, OURS, PYARROW, SIZE, SPEED, type Target } from './targets.ts'

/** The medians of a contender; `peakBytes` only where the process is one of Node. */
export interface Median {
  readonly rowsPerSecond: number
  readonly fileBytes: number
  readonly peakBytes?: number
}

export interface Verdict {
  /** Which run of ours it is about. */
  readonly contender: string
  readonly measure: string
  readonly ratio: number
  readonly target: string
  readonly met: boolean
}

export interface SetResult {
  readonly medians: Readonly<Record<string, Median>>
  /** Contenders that failed; why is on the standard error. */
  readonly failed: readonly string[]
  readonly verdicts: readonly Verdict[]
  /** Where the time of each of ours went that missed a figure. */
  readonly profiles: Readonly<Record<string, readonly string[]>>
}

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url))

/** All contenders with the rows of one set, and what the figures come to. */
export async function raceSet(
  name: string,
  set: DataSet,
  contenders: readonly string[],
  options: RaceOptions,
  python: string | undefined,
): Promise<SetResult> {
  const runs = await race(contenders, options, (contender) =>
    run(contender, name).catch((error: Error) => {
      console.error(`\nFAILED: ${contender} on ${name}: ${error.message}`)
      return undefined
    }),
  )
  const medians: Record<string, Median> = {}
  for (const [contender, all] of runs) {
    const good = all.filter((measured) => measured !== undefined)
    if (good.length < all.length) continue
    const middle = (pick: (measured: Measured) => number): number => median(good.map(pick))
    medians[contender] = {
      rowsPerSecond: set.rows / middle(({ seconds }) => seconds),
      fileBytes: middle(({ fileBytes }) => fileBytes),
      peakBytes: middle(({ peakBytes }) => peakBytes),
    }
  }
  if (python !== undefined) {
    for (const { codec, seconds, fileBytes } of await byPyarrow(python, set, options.rounds)) {
      const contender = codec === 'snappy' ? PYARROW : `${PYARROW}, ${codec}`
      medians[contender] = { rowsPerSecond: set.rows / median(seconds), fileBytes }
    }
  }
  const columns = await fromColumns(set, options.rounds)
  for (const [contender, { seconds, fileBytes }] of [
    [COLUMNS, columns.ours],
    [DUCKDB, columns.duckdb],
  ] as const) {
    medians[contender] = { rowsPerSecond: set.rows / seconds, fileBytes }
  }
  const verdicts = [
    ...judge(SPEED, name, medians, 'rows per second', ({ rowsPerSecond }) => rowsPerSecond),
    ...judge(SIZE, name, medians, 'bytes', ({ fileBytes }) => fileBytes),
  ]
  const profiles: Record<string, readonly string[]> = {}
  for (const { contender, met } of verdicts) {
    if (met || contender in profiles || !(contender in medians)) continue
    profiles[contender] =
      contender === COLUMNS
        ? await profileOfColumns(set)
        : ((await run(contender, name, '--profile')).profile ?? [])
  }
  return {
    medians,
    failed: contenders.filter((contender) => !(contender in medians)),
    verdicts,
    profiles,
  }
}

async function run(contender: string, set: string, ...more: string[]): Promise<Measured> {
  const child = fork(CLIENT, [contender, set, ...more], { execArgv: ['--expose-gc'] })
  return (await answerOf(child)) as Measured
}

/** A figure of ours that is not there is missed; one of a contender that is not there is no figure. */
function judge(
  targets: readonly Target[],
  set: string,
  medians: Readonly<Record<string, Median>>,
  what: string,
  pick: (median: Median) => number,
): Verdict[] {
  return targets.flatMap(
    ({ of, least = 0, most = Number.POSITIVE_INFINITY, set: only, ours = OURS }) => {
      const theirs = medians[of]
      if (theirs === undefined || (only !== undefined && only !== set)) return []
      const mine = medians[ours]
      const ratio = mine ? pick(mine) / pick(theirs) : Number.NaN
      return [
        {
          contender: ours,
          measure: `set ${set}, ${what} of ${ours} to ${of}`,
          ratio,
          target: least > 0 ? `≥ ${least}` : `≤ ${most}`,
          met: ratio >= least && ratio <= most,
        },
      ]
    },
  )
}
