import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SYSTEM = process.platform === 'win32' ? 'python' : 'python3'

/** How long each of its two steps may take: the folder, and its packages. */
export const INSTALL_MS = 240_000

/** The Python of a folder of its own with what `requirements` pins, made once for each text of it. Rejects with why there is none. */
export async function pythonWith(requirements: URL): Promise<string> {
  const folder = await folderOf(requirements)
  const whole = join(folder, 'installed')
  if (await exists(whole)) return pythonOf(folder)
  await run(SYSTEM, ['--version'], { timeout: 30_000 }).catch(() => {
    throw new Error(`${SYSTEM} is not on the PATH`)
  })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const quiet = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
  try {
    await run(SYSTEM, ['-m', 'venv', folder], { timeout: INSTALL_MS })
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

/** A Python that can import `modules`, with nothing installed for it: that of `requirements` if it was made, else the system's. */
export async function pythonThatHas(
  modules: readonly string[],
  requirements: URL,
): Promise<string | undefined> {
  const folder = await folderOf(requirements)
  const made = (await exists(join(folder, 'installed'))) ? pythonOf(folder) : SYSTEM
  return run(made, ['-c', `import ${modules.join(', ')}`], { timeout: 60_000 }).then(
    () => made,
    () => undefined,
  )
}

async function folderOf(requirements: URL): Promise<string> {
  const pinned = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  return fileURLToPath(new URL(`../test/.out/python-${pinned.slice(0, 16)}`, import.meta.url))
}

function pythonOf(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
