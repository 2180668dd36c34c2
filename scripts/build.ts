/**
 * `npm run build`: the kernels of the Parquet encoder by `asc`, dist/ from src/ by `tsc -b` (which checks as well), and
 * web-demo/dist/ by esbuild. All are quick when nothing has changed: the compilers' records are kept, and the demo takes some
 * milliseconds.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { buildKernels, kernelsBinary } from './build-kernels.ts'
import { root, toolEnvironment } from './install.mjs'

await buildKernels()

const compiled = spawnSync(
  process.execPath,
  [join(root, 'node_modules/@typescript/native/bin/tsc'), '-b', ...process.argv.slice(2)],
  { cwd: root, env: toolEnvironment(), stdio: 'inherit' },
)
if (compiled.status !== 0) process.exit(compiled.status ?? 1)
// The compiler copies no such file.
cpSync(kernelsBinary, join(root, 'dist', relative(join(root, 'src'), kernelsBinary)))

const demo = join(root, 'web-demo')
if (existsSync(join(demo, 'index.html'))) {
  const out = join(demo, 'dist')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  // The page (main.ts) and each Web Worker (*.worker.ts) become one file each; main.ts starts a worker by
  // `new Worker(new URL('./parse.worker.js', import.meta.url), { type: 'module' })`.
  await build({
    entryPoints: ['main.ts', ...globSync('*.worker.ts', { cwd: demo })].map((file) =>
      join(demo, file),
    ),
    outdir: out,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  })
  const assets = globSync(['_headers', '**/*.{html,css,svg,png,ico,webmanifest}'], {
    cwd: demo,
    exclude: ['dist/**'],
  })
  for (const file of assets) {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    cpSync(join(demo, file), join(out, dirname(file), basename(file)))
  }
}
