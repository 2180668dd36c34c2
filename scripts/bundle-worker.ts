import { type BuildOptions, build } from 'esbuild'

/** As Miniflare takes it. */
export interface WorkerModule {
  readonly type: 'ESModule' | 'CompiledWasm'
  readonly path: string
  readonly contents: Uint8Array
}

/**
 * A Worker as wrangler bundles it: its code in one module, the first, and WebAssembly as modules of their own, beside the code that
 * imports them. Nothing is written: the paths are below `outdir`.
 */
export async function bundleWorker(
  entry: string,
  { outdir, ...options }: BuildOptions & { readonly outdir: string },
): Promise<WorkerModule[]> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outdir,
    format: 'esm',
    target: 'es2022',
    loader: { '.wasm': 'copy' },
    conditions: ['workerd', 'worker', 'browser'],
    sourcemap: 'inline',
    logLevel: 'warning',
    ...options,
  })
  return (outputFiles ?? [])
    .map(
      ({ path, contents }): WorkerModule => ({
        type: path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
        path,
        contents,
      }),
    )
    .sort((a, b) => Number(a.type === 'CompiledWasm') - Number(b.type === 'CompiledWasm'))
}
