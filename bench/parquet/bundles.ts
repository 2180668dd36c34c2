import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const BUNDLES: Readonly<Record<string, string>> = {
  sluice: `export { parquet } from 'sluice/formats/parquet'`,
  'hyparquet-writer': `export { parquetWriteRows } from 'hyparquet-writer'`,
  'with hysnappy': `export { parquetWriteRows } from 'hyparquet-writer'; export { snappyCompress } from 'hysnappy'`,
  'parquet-wasm': `
    export { Table, writeParquet } from 'parquet-wasm/bundler'
    export { tableToIPC, vectorFromArray } from 'apache-arrow'`,
}

/** What each way costs a page: minified and gzipped, WASM included. */
export async function bundleBytes(): Promise<Readonly<Record<string, number>>> {
  const sizes = Object.entries(BUNDLES).map(async ([name, contents]) => {
    const files = await bundle({
      stdin: { contents, resolveDir: ROOT },
      platform: 'browser',
      plugins: [withoutImports],
    })
    const bytes = files.map(({ contents }) => gzipSync(contents, { level: 9 }).length)
    return [name, bytes.reduce((sum, size) => sum + size, 0)] as const
  })
  return Object.fromEntries(await Promise.all(sizes))
}

/** What is loaded by `import()` is for those who need it: it stays outside. */
const withoutImports: Plugin = {
  name: 'without-imports',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

/** One ES module, the first of the files, and the WASM that it imports. */
export async function bundle(
  options: BuildOptions,
): Promise<{ path: string; contents: Uint8Array }[]> {
  const { outputFiles = [] } = await build({
    ...options,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    outdir: ROOT,
    loader: { '.wasm': 'copy' },
    external: ['node:*'],
    logLevel: 'error',
  })
  return outputFiles.toSorted(
    (a, b) => Number(a.path.endsWith('.wasm')) - Number(b.path.endsWith('.wasm')),
  )
}
