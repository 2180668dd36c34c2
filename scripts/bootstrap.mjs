// `node scripts/bootstrap.mjs start|test|… [arguments]`: from a fresh clone to a running scripts/<command>.ts.
// It installs what is missing, builds what has changed, and hands over to Node 24, which runs TypeScript as it is.
import { join } from 'node:path'
import { ensureInstalled, root } from './install.mjs'
import { runScript } from './run-script.mjs'

const [command, ...args] = process.argv.slice(2)
if (command === undefined || !/^[a-z]+$/.test(command)) {
  console.error(
    'usage: node scripts/bootstrap.mjs start|test|conformance|simulate|prove|bench [arguments]',
  )
  process.exit(2)
}

ensureInstalled(root, 'the packages')
if (command === 'test' || command === 'conformance') {
  ensureInstalled(join(root, 'test', 'runtimes'), 'Deno, Bun and Node 20 (for the tests only)')
}

// `test` builds as its first stage, and counts a failure there.
if (command !== 'test') {
  const code = await runScript('build', [])
  if (code !== 0) {
    console.error('The build failed, see above.')
    process.exit(code)
  }
}
process.exit(await runScript(command, args))
