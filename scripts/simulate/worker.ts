/** A thread that simulates: each has its own globals, which a simulation replaces. Tells of each seed when it is over. */
import { parentPort, workerData } from 'node:worker_threads'
import { SUBJECTS, type Subject } from './subjects.ts'

/** In whichever copy of src/ is simulated. */
type Simulate = (
  seed: number,
  options: { readonly onLine?: ((line: string) => void) | undefined },
) => Promise<Simulated>

export interface Simulated {
  readonly seed: number
  readonly steps: number
  readonly digest: number
  readonly violation: string | undefined
  readonly lines: readonly string[]
}

export interface Work {
  /** The address of a copy of src/. */
  readonly source: string
  readonly subject: Subject
  readonly from: number
  readonly by: number
  readonly count: number
  /** Tells every line instead of the last ones. */
  readonly whole?: boolean | undefined
}

const { source, subject, from, by, count, whole } = workerData as Work
// Faults are what most lives are made of, and nobody reads where each was thrown. A replay shows it.
if (!whole) Error.stackTraceLimit = 0
const { file, name } = SUBJECTS[subject]
const { [name]: simulate } = (await import(new URL(file, source).href)) as Record<string, Simulate>
if (!simulate) throw new Error(`src/${file} has no ${name}()`)

for (let i = 0; i < count; i++) {
  const lines: string[] = []
  const result = await simulate(from + i * by, {
    onLine: whole ? (line) => void lines.push(line) : undefined,
  })
  const kept = result.violation === undefined && !whole ? [] : result.lines
  parentPort?.postMessage({ ...result, lines: whole ? lines : kept } satisfies Simulated)
}
