import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LocalWorkerOptions, startLocalWorker } from '../../scripts/start/local-worker.ts'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** A folder that is gone when the scope ends. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-test-start-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The Worker with a state of its own, stopped when the scope ends; what it logs is kept. */
export async function localWorker(
  streams: LocalWorkerOptions['streams'],
  onExit?: LocalWorkerOptions['onExit'],
) {
  const folder = await scratch()
  const log: string[] = []
  const worker = await startLocalWorker({
    root,
    state: folder.path,
    port: 0,
    streams,
    onLog: (line) => log.push(line),
    ...(onExit && { onExit }),
  })
  return {
    worker,
    log,
    async [Symbol.asyncDispose]() {
      await worker.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export interface Ended {
  readonly status: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

/** `npm start -- ARGUMENTS` without the installing and building before it. `onLine` sees each line as it comes. */
export function npmStart(
  args: readonly string[],
  onLine?: (line: string, child: { kill(signal: NodeJS.Signals): void }) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let rest = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      lines.push(line)
      onLine?.(line, { kill: (signal) => child.kill(signal) })
    }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, lines, errors }))
  })
}
