import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Subject } from './subjects.ts'
import type { Simulated, Work } from './worker.ts'

export type { Simulated }

export interface Seeds {
  /** A folder that holds a copy of src/. */
  readonly folder: string
  readonly subject: Subject
  readonly first: number
  readonly count: number
  /** Threads side by side. */
  readonly threads: number
  readonly whole?: boolean
}

/** Simulates the seeds until one fails, and tells which; `undefined` when all pass. Rejects when the simulator itself breaks. */
export async function runSeeds(
  { folder, subject, first, count, threads, whole }: Seeds,
  onResult: (result: Simulated) => void = () => {},
): Promise<Simulated | undefined> {
  const source = pathToFileURL(`${folder}/src/`).href
  const workers: Worker[] = []
  let failed: Simulated | undefined
  try {
    await Promise.all(
      Array.from({ length: Math.min(threads, count) }, (_, i) => {
        const share = Math.ceil((count - i) / threads)
        const own = { from: first + i, by: threads, count: share }
        const workerData: Work = { source, subject, whole, ...own }
        const worker = new Worker(new URL('worker.ts', import.meta.url), {
          workerData,
          // A life is over before the engine's own few MiB are full for the second time.
          resourceLimits: { maxYoungGenerationSizeMb: 32 },
        })
        workers.push(worker)
        return new Promise<void>((resolve, reject) => {
          worker.on('message', (result: Simulated) => {
            if (failed) return
            onResult(result)
            if (result.violation === undefined) return
            failed = result
            resolve()
            for (const other of workers) void other.terminate()
          })
          worker.on('error', reject)
          worker.on('exit', () => resolve())
        })
      }),
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return failed
}
