// `node scripts/bootstrap.mjs start|test|… [arguments]`: from a fresh clone to a running scripts/<command>.ts.
// It installs what is missing, builds what has changed, and hands over to Node 24, which runs TypeScript as it is.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, node24, root, toolEnvironment } from './install.mjs'

const [command, ...args] = process.argv.slice(2)
if (command === undefined || !/^[a-z]+$/.test(command)) {
  console.error('usage: node scripts/bootstrap.mjs start|test|conformance|prove [arguments]')
  process.exit(2)
}

ensureInstalled(root, 'the packages')
if (command === 'test' || command === 'conformance') {
  ensureInstalled(join(root, 'test', 'runtimes'), 'Deno, Bun and Node 20 (for the tests only)')
}

// `test` builds as its first stage, and counts a failure there.
if (command !== 'test') {
  const code = await run('build', [])
  if (code !== 0) {
    console.error('The build failed, see above.')
    process.exit(code)
  }
}
process.exit(await run(command, args))

/**
 * Runs scripts/<name>.ts, passes signals on to it, and gives its exit status.
 *
 * @param {string} name
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function run(name, args) {
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
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`scripts/${name}.ts did not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, pass)
      resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0))
    })
  })
}
