/**
 * `npm test [pattern …]`: every check that needs only Node, in stages, and one closing line for all of them.
 * With patterns it builds and runs only the test files whose path contains one, in Node and workerd.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deno } from './conformance/processes.ts'
import { root, toolEnvironment } from './install.mjs'
import { findChromium, NO_CHROMIUM } from './test-chromium.ts'
import { closingLine, shortReason, type Tally } from './test-tally.ts'

const minutes = 60_000
const patterns = process.argv.slice(2)
const total: Tally = { passed: 0, failed: 0, skipped: 0, reasons: [], failures: [] }
const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Ends with its children: `exit` handlers stop them.
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
}
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

await stage('build and types of src, workers, web-demo, examples, scripts', () =>
  command('node', 'scripts/build.ts'),
)
if (patterns.length === 0) {
  await stage('types of test', () => command('tsc', '-p', 'test/tsconfig.json'))
  await stage('types of test, workerd', () => command('tsc', '-p', 'test/tsconfig.workerd.json'))
  await stage('types of test, browser', () => command('tsc', '-p', 'test/tsconfig.browser.json'))
  await stage('format and lint', () => command('biome', 'check', '.'))
  await stage('import directions', () =>
    command('depcruise', 'src', 'workers', 'web-demo', 'examples'),
  )
}
await stage('tests in Node and workerd', () => vitest(['node', 'workerd'], patterns))
if (patterns.length === 0) {
  // With real servers too: `npm run conformance`.
  await stage('conformance in each runtime, with the gateway', () =>
    tallied('conformance', ['node', 'scripts/conformance.ts', 'none', 'gateway']),
  )
  await stage('tests in a browser', browser)
  await stage('package as published: publint', () => command('publint', '--strict'))
  await stage('package as published: types', () =>
    // What imports WebAssembly declares `*.wasm` for its platform.
    quietCommand(
      ...['attw', '--pack', '.', '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'],
      ...['--exclude-entrypoints', 'formats/parquet/kernels.wasm'],
    ),
  )
  // What `jsr publish --dry-run` runs. The types are tsc's business: JSR's own check knows no `cloudflare:` modules.
  await stage('package as published: jsr', () =>
    quietCommand(deno, 'publish', '--dry-run', '--allow-dirty', '--no-check'),
  )
  await stage('sizes', () => command('node', 'scripts/sizes.ts'))
}

console.log('')
for (const reason of total.reasons) console.log(`skipped: ${reason}`)
for (const failure of total.failures) console.log(`FAILED: ${failure}`)
console.log(closingLine(total))
process.exit(total.failed > 0 ? 1 : 0)

async function stage(name: string, run: () => Promise<Tally>): Promise<void> {
  console.log(`\n── ${name}`)
  const began = Date.now()
  let result: Tally
  try {
    result = await run()
  } catch (error) {
    console.log(error)
    result = failure(shortReason(error))
  }
  if (result.passed + result.failed + result.skipped === 0) {
    console.log('This stage came to no result, which counts as a failure.')
    result = failure('no result')
  }
  total.passed += result.passed
  total.failed += result.failed
  total.skipped += result.skipped
  total.reasons.push(...result.reasons)
  total.failures.push(...result.failures.map((line) => `${name}: ${line}`))
  console.log(`── ${closingLine(result)} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

/** A tool that has no tests to count: one test, which passes when it exits with 0. */
async function command(...words: string[]): Promise<Tally> {
  const status = await exec(words)
  return status === 0 ? success() : failure(`exit ${status}`)
}

/** As `command`, for a tool that says at length what is right: its output is shown only when something is wrong. */
async function quietCommand(...words: string[]): Promise<Tally> {
  const [name = '', ...args] = words
  try {
    await promisify(execFile)(name, args, { cwd: root, env: toolEnvironment(), maxBuffer: 2 ** 26 })
    return success()
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string }
    console.log(stdout, stderr, message)
    return failure(shortReason(error))
  }
}

function vitest(projects: string[], filters: string[]): Promise<Tally> {
  return tallied(projects.join('-'), [
    'vitest',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=./scripts/test-reporter.ts',
    ...filters,
  ])
}

/** A tool that writes what it came to into the file that `SLUICE_TALLY` names. */
async function tallied(name: string, words: string[]): Promise<Tally> {
  const file = join(scratch, `${name}.json`)
  const status = await exec(words, { SLUICE_TALLY: file })
  if (!existsSync(file)) return failure(`exit ${status}, and nothing said of any test`)
  const tally = JSON.parse(readFileSync(file, 'utf8')) as Tally
  if (status === 0 || tally.failed > 0) return tally
  return { ...tally, failed: 1, failures: [`exit ${status}, although no test failed`] }
}

async function browser(): Promise<Tally> {
  if (findChromium() === undefined) return skip(`browser: ${NO_CHROMIUM}`)
  return vitest(['browser'], [])
}

/** Runs an installed command with its output on ours, and gives its exit status. */
function exec(words: string[], extra: Record<string, string> = {}): Promise<number> {
  const [name = '', ...args] = words
  const child = spawn(name, args, {
    cwd: root,
    env: { ...toolEnvironment(), WRANGLER_SEND_METRICS: 'false', ...extra },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    timeout: 40 * minutes,
  })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.log(`${name} did not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      process.off('exit', stop)
      if (signal !== null) console.log(`${name} was ended by ${signal}`)
      resolve(code ?? 1)
    })
  })
}

function success(): Tally {
  return { passed: 1, failed: 0, skipped: 0, reasons: [], failures: [] }
}

function failure(why: string): Tally {
  return { passed: 0, failed: 1, skipped: 0, reasons: [], failures: [why] }
}

function skip(reason: string): Tally {
  return { passed: 0, failed: 0, skipped: 1, reasons: [reason], failures: [] }
}
