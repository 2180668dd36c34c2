/** What every race shares: its options, its rounds, processes that answer, and a table. */
import type { ChildProcess } from 'node:child_process'

export interface RaceOptions {
  /** `--json`: for machines, and without a sign of progress. */
  readonly json: boolean
  /** `--rounds=N`. */
  readonly rounds: number
}

export function raceOptions(defaultRounds: number): RaceOptions {
  const given = process.argv.find((arg) => arg.startsWith('--rounds='))
  return { json: process.argv.includes('--json'), rounds: Number(given?.slice(9) ?? defaultRounds) }
}

/** Every contender's runs. In each round another one begins, so that none is always behind the same one. */
export async function race<T>(
  names: readonly string[],
  { json, rounds }: RaceOptions,
  measure: (name: string) => Promise<T>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const runs = new Map<string, T[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [n] of names.entries()) {
      const name = names[(n + round) % names.length] as string
      runs.get(name)?.push(await measure(name))
      if (!json) process.stderr.write('.')
    }
  }
  if (!json) process.stderr.write('\n')
  return runs
}

/** The next message of a child process. Rejects when it ends without one. */
export function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`It ended with status ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] as number) + (sorted[Math.ceil(half)] as number)) / 2
}

/** Rows of a name and figures, in columns. */
export function table(rows: readonly (readonly string[])[]): string {
  return rows
    .map(
      ([name = '', ...cells]) =>
        `${name.padEnd(18)}${cells.map((cell) => cell.padStart(12)).join('')}`,
    )
    .join('\n')
}
