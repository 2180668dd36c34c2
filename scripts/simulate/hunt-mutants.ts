import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../install.mjs'
import { type Mutant, mutants } from './mutants.ts'
import { runSeeds } from './run-seeds.ts'
import type { Subject } from './subjects.ts'

/** A bug that none of so many seeds finds is not found. Most are by the first hundred, and the rarest by one of some thousand lives. */
const MAX_SEEDS = 5000

/** Whether each mutant of these subjects applies and is found by a seed. Says so of each. */
export async function huntMutants(subjects: readonly Subject[]): Promise<boolean> {
  const hunted = mutants.filter(({ subject = 'sinks' }) => subjects.includes(subject))
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mutants-'))
  let missed = 0
  try {
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    for (const mutant of hunted) {
      const verdict = await hunt(mutant, folder)
      if (!verdict.startsWith('found')) missed++
      console.log(`${mutant.name}: ${verdict}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log(`${hunted.length - missed} of ${hunted.length} mutants found`)
  return missed === 0
}

async function hunt(
  { subject = 'sinks', file, find, put }: Mutant,
  folder: string,
): Promise<string> {
  const path = join(folder, 'src', file)
  const source = readFileSync(path, 'utf8')
  const times = source.split(find).length - 1
  if (times !== 1) return `NOT APPLIED, its text is ${times} times in src/${file}`
  writeFileSync(
    path,
    source.replace(find, () => put),
  )
  try {
    const threads = availableParallelism()
    const failed = await runSeeds({ folder, subject, first: 1, count: MAX_SEEDS, threads })
    if (!failed) return `NOT FOUND by ${MAX_SEEDS} seeds`
    return `found by seed ${failed.seed}: ${failed.violation}`
  } catch (error) {
    return `BROKEN: ${error}`
  } finally {
    writeFileSync(path, source)
  }
}
