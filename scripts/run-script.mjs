// Plain JavaScript without a dependency, as install.mjs.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { node24, root, toolEnvironment } from './install.mjs'

/** How often we look whether npm is still there. */
const PARENT_CHECK_MS = 250
const parent = process.ppid

/**
 * Runs scripts/<name>.ts by Node 24, passes signals on to it, and gives its exit status.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function runScript(name, args) {
  const child = spawn(node24, [join(root, 'scripts', `${name}.ts`), ...args], {
    cwd: root,
    env: toolEnvironment(),
    stdio: 'inherit',
  })
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    // A terminal gives Ctrl-C to the whole group, so the child has it already; a second one would read as "quit at once".
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
  const stopWatching = whenNpmEnds(() => child.kill('SIGTERM'))
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`scripts/${name}.ts did not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      stopWatching()
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, pass)
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0))
    })
  })
}

/**
 * npm passes SIGTERM on to the shell that it runs a script in, and that shell ends without passing it on to us. What is
 * left to see is that we have another parent. Whoever started us without npm may leave us behind on purpose.
 *
 * @param {() => void} stop
 * @returns {() => void}  ends the watch
 */
function whenNpmEnds(stop) {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, PARENT_CHECK_MS)
  return () => clearInterval(timer)
}
