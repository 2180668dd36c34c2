import type { Job, JobEvent } from './messages.ts'

/** Runs a job in a Web Worker of its own. Returns a function that ends it, after which no event comes. */
export function runJob(job: Job, onEvent: (event: JobEvent) => void): () => void {
  const worker = new Worker(new URL('./parse.worker.js', import.meta.url), { type: 'module' })
  worker.addEventListener('message', ({ data }: MessageEvent<JobEvent>) => onEvent(data))
  worker.addEventListener('error', () => {
    onEvent({ kind: 'failed', message: 'The page could not start its worker. Load it again.' })
  })
  worker.postMessage(job)
  return () => worker.terminate()
}
