/**
 * `npm run sizes`: what each entry of the package costs a bundle, minified and gzipped, against a limit.
 * `own` is our code alone; `all` adds the dependencies it pulls in. Needs a build.
 */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { root } from './install.mjs'

/** Entry → the most that `all` may come to, in bytes after gzip. Raise one only with a reason in the commit. */
const limits: Record<string, number> = {
  '.': 51_070,
  './s3': 21_100,
  's3 without multipart': 14_800,
  './s3/buckets': 14_600,
  './s3/credentials': 11_100,
  './s3/janitor': 8_700,
  './s3/presign': 4_500,
  './s3/presigned-client': 9_000,
  './s3/post-policy': 4_000,
  './s3/compose': 12_100,
  './s3/resumable': 1_900,
  './s3/download': 4_000,
  './s3/tags': 6_000,
  './s3/customer-key': 3_200,
  './s3/checksums': 2_900,
  './s3/probe': 16_600,
  './s3/doctor': 18_700,
  './s3/providers': 2_000,
  './stores': 4_300,
  './stores/memory': 5_400,
  './stores/s3': 21_000,
  './stores/r2': 4_900,
  './stores/fs': 8_400,
  './stores/probe': 4_500,
  './formats/jsonl': 2_700,
  './formats/csv': 5_550,
  './formats/parquet': 38_080,
  './formats/parquet/columns': 38_470,
  './formats/parquet/gzip': 300,
  './formats/parquet/zstd': 186_400,
  './formats/parquet/lz4': 600,
  './formats/parquet/brotli': 700,
  './formats/parquet/zlib': 1_140,
  './formats/msglc': 9_750,
  './formats/gzip': 1_500,
  './inputs/csv': 16_400,
  './inputs/json': 6_300,
  './logs/memory': 3_450,
  './schemas': 4_100,
  './audit': 6_800,
  './compact': 12_700,
  './dead-letters': 10_200,
  './manifest': 6_400,
  './otel': 2_000,
  './logs/durable-object': 8_640,
  './logs/opfs': 13_340,
  './files': 6_300,
  './msglc': 25_760,
  './http': 29_900,
  './http/s3-gateway': 30_500,
  './client': 7_000,
  './testing': 33_300,
  './node': 46_750,
  './workers': 116_030,
  './browser': 23_800,
  './buildflow': 80_810,
  './bytewax': 13_090,
  './luigi': 34_750,
  './luigi/gzip': 14_100,
  './node/buildflow': 88_500,
  './node/luigi': 40_970,
  './quix-streams': 71_100,
  './kafka': 8_650,
  './node/quix-streams': 81_920,
}

const { exports, dependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as {
  exports: Record<string, string | { default: string }>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

/**
 * The most that `own` may come to, of the client alone. The aims are 10,000 for `./s3` and 5,000 without multipart; these are what
 * was reached, so that it gets no further from them.
 */
const ownLimits: Record<string, number> = {
  './s3': 20_900,
  's3 without multipart': 10_800,
}

/** What is measured beside the exports: what a bundle holds that takes only these. */
const selections: Record<string, string> = {
  's3 without multipart': `export { s3Client, putObject, getObject, headObject, deleteObject, listObjects } from 'sluice/s3'`,
}

const sources: Record<string, string> = {}
for (const [entry, target] of Object.entries(exports)) {
  if (typeof target !== 'string') sources[entry] = `export * from './${target.default}'`
}
Object.assign(sources, selections)

let failed = 0
console.log(`${'entry'.padEnd(24)}${'own'.padStart(9)}${'all'.padStart(9)}${'limit'.padStart(9)}`)
for (const [entry, source] of Object.entries(sources)) {
  const own = await gzippedBytes(source, false)
  const all = await gzippedBytes(source, true)
  const limit = limits[entry]
  const large = all > (limit ?? 0) || own > (ownLimits[entry] ?? own)
  const verdict = limit === undefined ? 'no limit is set' : large ? 'TOO LARGE' : ''
  if (verdict !== '') failed++
  console.log(
    `${entry.padEnd(24)}${[own, all, limit ?? 0].map((n) => String(n).padStart(9)).join('')}  ${verdict}`.trimEnd(),
  )
}
for (const entry of Object.keys(limits)) {
  if (entry in sources) continue
  console.log(`${entry}: has a limit, but is neither an export nor a selection`)
  failed++
}
process.exit(failed > 0 ? 1 : 0)

async function gzippedBytes(source: string, withDependencies: boolean): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: root,
    // What is imported by `import()` is loaded by those who need it, and not counted.
    splitting: true,
    loader: { '.wasm': 'binary' },
    format: 'esm',
    target: 'es2022',
    // Dependencies as a browser or a Worker gets them; what only one platform has stays an import.
    platform: 'browser',
    // Who needs an optional package brings it.
    external: [
      ...['node:*', 'cloudflare:*', ...Object.keys(peerDependencies)],
      ...(withDependencies ? [] : Object.keys(dependencies)),
    ],
    logLevel: 'error',
  })
  const loaded = loadedAtOnce(metafile.outputs)
  return outputFiles
    .filter(({ path }) => loaded.has(relative(process.cwd(), path)))
    .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

/** The files that the entry imports, without those that wait for an `import()`. */
function loadedAtOnce(outputs: Metafile['outputs']): ReadonlySet<string> {
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') load(next)
    }
  }
  for (const [path, { entryPoint }] of Object.entries(outputs))
    if (entryPoint === '<stdin>') load(path)
  return loaded
}
