/**
 * `npm run sizes`: what each entry of the package costs a bundle, minified and gzipped, against a limit.
 * `own` is our code alone; `all` adds the dependencies it pulls in. Needs a build.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './install.mjs'

/** Entry → the most that `all` may come to, in bytes after gzip. Raise one only with a reason in the commit. */
const limits: Record<string, number> = {
  '.': 20_000,
  './s3': 25_000,
  './stores': 8_000,
  './stores/memory': 8_000,
  './stores/s3': 25_000,
  './stores/r2': 8_000,
  './stores/fs': 10_000,
  './formats/jsonl': 8_000,
  './formats/csv': 16_000,
  './formats/parquet': 40_000,
  './formats/gzip': 6_000,
  './inputs/csv': 20_000,
  './inputs/json': 20_000,
  './logs/memory': 15_000,
  './logs/durable-object': 20_000,
  './files': 20_000,
  './http': 60_000,
  './client': 15_000,
  './testing': 60_000,
  './node': 120_000,
  './workers': 120_000,
  './browser': 120_000,
}

const { exports, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { default: string }>
  dependencies: Record<string, string>
}

let failed = 0
console.log(`${'entry'.padEnd(24)}${'own'.padStart(9)}${'all'.padStart(9)}${'limit'.padStart(9)}`)
for (const [entry, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue
  const file = join(root, target.default)
  const own = await gzippedBytes(file, false)
  const all = await gzippedBytes(file, true)
  const limit = limits[entry]
  const verdict = limit === undefined ? 'no limit is set' : all > limit ? 'TOO LARGE' : ''
  if (verdict !== '') failed++
  console.log(
    `${entry.padEnd(24)}${[own, all, limit ?? 0].map((n) => String(n).padStart(9)).join('')}  ${verdict}`.trimEnd(),
  )
}
for (const entry of Object.keys(limits)) {
  if (entry in exports) continue
  console.log(`${entry}: has a limit, but is no export`)
  failed++
}
process.exit(failed > 0 ? 1 : 0)

async function gzippedBytes(file: string, withDependencies: boolean): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    // Dependencies as a browser or a Worker gets them; what only one platform has stays an import.
    platform: 'browser',
    external: ['node:*', 'cloudflare:*', ...(withDependencies ? [] : Object.keys(dependencies))],
    logLevel: 'error',
  })
  return outputFiles.reduce(
    (sum, output) => sum + gzipSync(output.contents, { level: 9 }).length,
    0,
  )
}
