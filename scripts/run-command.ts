import { spawn } from 'node:child_process'
import { root, toolEnvironment } from './install.mjs'

/** Runs an installed command with its output on ours, and gives its exit status. It ends with this process. */
export function runCommand(
  [name = '', ...args]: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = spawn(name, args, {
    cwd: root,
    env: { ...toolEnvironment(), ...extra },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => {
      process.off('exit', stop)
      resolve(code ?? 1)
    })
  })
}
