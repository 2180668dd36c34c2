import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../install.mjs'
import { bundle, type Cell, parseLine, type Runtime, type ServedServer } from './runtime.ts'

const bin = join(root, 'test/runtimes/node_modules')
const CELL_MS = 10 * 60_000

export const deno: string = join(bin, '.bin/deno')

const COMMANDS: Readonly<
  Record<string, (file: string, folder: string, server: ServedServer | undefined) => string[]>
> = {
  node20: (file) => [join(bin, 'node20/bin/node'), file],
  // The pinned one, which runs this.
  node24: (file) => [process.execPath, file],
  // Each permission by name. `--cached-only`: every module comes from node_modules, none from the network.
  deno: (file, folder, server) => [
    ...[deno, 'run', '--no-prompt', '--cached-only', '--no-lock', '--allow-env', '--allow-read'],
    ...[`--allow-write=${folder}`, ...(server ? [`--allow-net=${hostsOf(server)}`] : []), file],
  ],
  bun: (file) => [join(bin, '.bin/bun'), 'run', '--no-install', file],
}

/** Port 9 is the discard service's, where nobody listens. */
function hostsOf({ endpoint, proxy, control }: ServedServer): string {
  const urls = [endpoint, control, 'http://127.0.0.1:9', ...(proxy ? [proxy] : [])]
  return urls.map((url) => new URL(url).host).join(',')
}

/** Node 20 and 24, Deno and Bun: a process for each cell. */
export async function processRuntimes(): Promise<readonly Runtime[]> {
  // Only relative imports are bundled: `sluice/…` and the packages stay imports, which each runtime resolves by its own rules.
  const file = await bundle('main', { platform: 'node', packages: 'external' })
  return Object.entries(COMMANDS).map(([name, commandOf]) => ({
    name,
    async run(cell, tell) {
      const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`))
      try {
        const lines = linesOf(commandOf(file, folder, cell.server), environmentOf(cell, folder))
        for await (const line of lines) {
          const told = parseLine(line)
          if (told) tell(told)
          else console.log(line)
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }))
}

function environmentOf(cell: Cell, folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    SLUICE_CELL: JSON.stringify(cell),
    SLUICE_FOLDER: folder,
    DENO_NO_UPDATE_CHECK: '1',
  }
}

/** What a process prints. Throws when it does not end well. */
async function* linesOf(words: readonly string[], env: NodeJS.ProcessEnv): AsyncGenerator<string> {
  const [command = '', ...args] = words
  const child = spawn(command, args, {
    ...{ cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] },
    ...{ timeout: CELL_MS, killSignal: 'SIGKILL' },
  })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `it ended with ${signal ?? `status ${code}`}`),
    )
  })
  yield* createInterface({ input: child.stdout })
  const problem = await ended
  process.off('exit', stop)
  if (problem !== undefined) throw new Error(problem)
}
