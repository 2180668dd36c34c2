import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestServer } from './servers.ts'

const run = promisify(execFile)
/** Of one step: the environment has two. */
const INSTALL_MS = 240_000
export const PREPARE_MS: number = 2 * INSTALL_MS
export const SCRIPT_MS = 120_000

/** A Python of a folder of its own. */
export interface Python {
  /** Runs a script, with nothing of this environment but the server's address and keys. Rejects with what it printed when it fails. */
  script(path: URL, server: TestServer, env?: Record<string, string>): Promise<string>
}

/** With what the file pins, made once; or a text that says why there is none. */
export async function pythonWith(requirements: URL): Promise<Python | string> {
  try {
    return pythonAt(await prepare(requirements))
  } catch (error) {
    return `Python: ${(error as Error).message}`
  }
}

async function prepare(requirements: URL): Promise<string> {
  const pinned = await readFile(requirements)
  const name = `python-${createHash('sha256').update(pinned).digest('hex').slice(0, 16)}`
  const folder = fileURLToPath(new URL(`.out/${name}`, import.meta.url))
  const pythonOf = (root: string): string =>
    process.platform === 'win32' ? join(root, 'Scripts', 'python.exe') : join(root, 'bin', 'python')
  const whole = join(folder, 'installed')
  if (await exists(whole)) return pythonOf(folder)
  const system = process.platform === 'win32' ? 'python' : 'python3'
  await run(system, ['--version'], { timeout: 30_000 }).catch(() => {
    throw new Error(`${system} is not on the PATH`)
  })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const quiet = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
  try {
    await run(system, ['-m', 'venv', folder], { timeout: INSTALL_MS })
    await run(pythonOf(folder), [...quiet, '-r', fileURLToPath(requirements)], {
      timeout: INSTALL_MS,
    })
  } catch (error) {
    const [why = ''] = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n')
      .slice(-1)
    throw new Error(`its packages cannot be installed: ${why}`)
  }
  await mkdir(`${whole}.new`)
  await rename(`${whole}.new`, whole)
  return pythonOf(folder)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function pythonAt(python: string): Python {
  return {
    async script(path, server, env = {}) {
      const { stdout } = await run(python, [fileURLToPath(path)], {
        timeout: SCRIPT_MS,
        env: {
          PATH: process.env.PATH,
          HOME: dirname(dirname(python)),
          ENDPOINT: server.endpoint,
          BUCKET: server.bucket,
          AWS_ACCESS_KEY_ID: server.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
          AWS_REGION: server.region,
          AWS_DEFAULT_REGION: server.region,
          AWS_EC2_METADATA_DISABLED: 'true',
          ...env,
        },
      })
      return stdout
    },
  }
}
