import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { root } from './install.mjs'
import type { Tally } from './test-tally.ts'

/** What test/conformance/main.ts prints for each case, one JSON object a line; other lines are shown as they are. */
interface CaseLine {
  suite: string
  name: string
  status: 'passed' | 'failed' | 'skipped'
  reason?: string
}

interface Runtime {
  readonly name: string
  command(file: string, folder: string): string[]
}

const bin = join(root, 'test/runtimes/node_modules')

export const deno: string = join(bin, '.bin/deno')

export const runtimes: readonly Runtime[] = [
  { name: 'node20', command: (file) => [join(bin, 'node20/bin/node'), file] },
  {
    name: 'deno',
    // Each permission by name. `--cached-only`: every module comes from node_modules, none from the network.
    command: (file, folder) => [
      deno,
      'run',
      '--no-prompt',
      '--cached-only',
      '--no-lock',
      '--allow-env',
      '--allow-read',
      `--allow-write=${folder}`,
      `--allow-net=${['127.0.0.1', 'localhost', ...endpointHost()].join(',')}`,
      file,
    ],
  },
  { name: 'bun', command: (file) => [join(bin, '.bin/bun'), 'run', '--no-install', file] },
]

/**
 * One file of plain JavaScript for all three: Node 20 does not read TypeScript. Only relative imports are bundled;
 * `sluice/…` and the packages stay imports, so that each runtime resolves the package by its own rules.
 */
export async function bundleSuite(): Promise<string> {
  const outfile = join(root, 'test/.out/conformance.mjs')
  await build({
    entryPoints: [join(root, 'test/conformance/main.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  return outfile
}

/** Runs the suite in one runtime and counts its cases. It fails when a case does, when it exits non-zero, or when it prints none. */
export async function runSuite(runtime: Runtime, file: string, timeoutMs: number): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${runtime.name}-`))
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, reasons: [] }
  const skips = new Map<string, number>()
  const suites = new Map<string, number>()
  const [command = '', ...args] = runtime.command(file, folder)
  const child = spawn(command, args, {
    cwd: root,
    // SLUICE_TEST_FOLDER: where the folder store may write, emptied afterwards.
    env: {
      ...process.env,
      SLUICE_TEST_FOLDER: folder,
      SLUICE_TEST_RUNTIME: runtime.name,
      DENO_NO_UPDATE_CHECK: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  const exited = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `it ended with ${signal ?? `status ${code}`}`),
    )
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const found = parseCase(line)
    if (found === undefined) {
      console.log(line)
      continue
    }
    tally[found.status]++
    suites.set(found.suite, (suites.get(found.suite) ?? 0) + 1)
    if (found.status === 'failed') {
      console.log(`  FAILED ${found.suite} > ${found.name}: ${found.reason ?? 'no reason given'}`)
    }
    if (found.status === 'skipped') {
      const why = `${found.suite}: ${found.reason ?? `no reason given ("${found.name}")`}`
      skips.set(why, (skips.get(why) ?? 0) + 1)
    }
  }
  const problem = await exited
  process.off('exit', stop)
  rmSync(folder, { recursive: true, force: true })

  for (const [suite, count] of suites) console.log(`  ${suite}: ${count} cases`)
  for (const [why, count] of skips) tally.reasons.push(`${count} of ${runtime.name}: ${why}`)
  if (problem !== undefined) {
    console.log(`  ${runtime.name}: ${problem}`)
    // A failed case makes the suite exit non-zero; that is not a second failure.
    if (tally.failed === 0) tally.failed++
  } else if (suites.size === 0) {
    console.log(`  ${runtime.name}: the suite printed no case`)
    tally.failed++
  }
  return tally
}

function parseCase(line: string): CaseLine | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value = JSON.parse(line) as Partial<CaseLine>
    const known = ['passed', 'failed', 'skipped'].includes(value.status ?? '')
    return known && value.suite !== undefined && value.name !== undefined
      ? (value as CaseLine)
      : undefined
  } catch {
    return undefined
  }
}

/** Where the environment names an S3 server, Deno may talk to it. */
function endpointHost(): string[] {
  const endpoint = process.env.SLUICE_S3_ENDPOINT
  return endpoint === undefined ? [] : [new URL(endpoint).host]
}
