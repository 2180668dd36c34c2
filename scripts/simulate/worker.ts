/** A thread that simulates: each has its own globals, which a simulation replaces. Tells of each seed when it is over. */
import { parentPort, workerData } from 'node:worker_threads'

/** What src/testing/simulator/simulate.ts gives, in whichever copy of src/ is simulated. */
interface Simulator {
  simulate(
    seed: number,
    options: { readonly onLine?: ((line: string) => void) | undefined },
  ): Promise<Simulated>
}

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
  readonly from: number
  readonly by: number
  readonly count: number
  /** Tells every line instead of the last ones. */
  readonly whole?: boolean | undefined
}

const { source, from, by, count, whole } = workerData as Work
const { simulate } = (await import(
  new URL('testing/simulator/simulate.ts', source).href
)) as Simulator

for (let i = 0; i < count; i++) {
  const lines: string[] = []
  const result = await simulate(from + i * by, {
    onLine: whole ? (line) => void lines.push(line) : undefined,
  })
  const kept = result.violation === undefined && !whole ? [] : result.lines
  parentPort?.postMessage({ ...result, lines: whole ? lines : kept } satisfies Simulated)
}
