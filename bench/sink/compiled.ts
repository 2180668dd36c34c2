import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * A file of this folder as JavaScript, with all that it imports, and where it lies: as a service is deployed. Node takes TypeScript too, and a package of
 * 300 files, but what it does so with would be a third of the memory that is measured. The package is imported by its name: the compiled one.
 */
export async function compiled(name: string): Promise<string> {
  // Within the package, so that it finds it by its name.
  const outfile = fileURLToPath(new URL(`../.out/sink-${name}.js`, import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  return outfile
}
