/**
 * The WebAssembly of the Parquet encoder, from its AssemblyScript sources: `kernels.wasm`, which Workers import as a module, and
 * `kernels-wasm.ts`, which holds the same bytes for everybody else. Neither is committed. Compiling takes seconds, so it is only done
 * when a source, the compiler or this file has changed.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { main as compile, version } from 'assemblyscript/asc'
import { root } from './install.mjs'

const sources = join(root, 'src/formats/parquet/kernels')
/** What Workers import. */
export const kernelsBinary: string = join(root, 'src/formats/parquet/kernels.wasm')
const embedded = join(root, 'src/formats/parquet/kernels-wasm.ts')

const options = [
  ...['--runtime', 'stub'],
  ...['--optimizeLevel', '3', '--noAssert'],
  ...['--enable', 'simd'],
  // The memory is the caller's, so that its limit is, too.
  ...['--importMemory', '--zeroFilledMemory', '--noExportMemory'],
]

/** Compiles the kernels unless what is there was made of the same sources. */
export async function buildKernels(): Promise<void> {
  const source = digest(
    version,
    ...globSync('*.ts', { cwd: sources })
      .sort()
      .flatMap((name) => [name, readFileSync(join(sources, name), 'utf8')]),
    readFileSync(import.meta.filename, 'utf8'),
  )
  const heading = `// Made by scripts/build-kernels.ts of sources with the digest ${source}.\n`
  if (existsSync(kernelsBinary) && existsSync(embedded)) {
    const isCurrent =
      readFileSync(embedded, 'utf8') === moduleText(heading, readFileSync(kernelsBinary))
    if (isCurrent) return
  }
  const { error, stderr, wasm } = await compileSources()
  if (error || wasm === undefined) throw new Error(`The kernels do not compile.\n${stderr}`)
  writeFileSync(kernelsBinary, wasm)
  writeFileSync(embedded, moduleText(heading, wasm))
}

async function compileSources(): Promise<{
  error: Error | null
  stderr: string
  wasm: Uint8Array | undefined
}> {
  let wasm: Uint8Array | undefined
  const { error, stderr } = await compile(
    [
      relative(root, join(sources, 'index.ts')),
      '--baseDir',
      root,
      '--outFile',
      'kernels.wasm',
      ...options,
    ],
    {
      writeFile(_name, contents) {
        wasm = contents as Uint8Array
      },
    },
  )
  return { error, stderr: stderr.toString(), wasm }
}

function moduleText(heading: string, wasm: Uint8Array): string {
  const base64 = Buffer.from(wasm).toString('base64')
  return `${heading}/** The kernels, in base64. */\nexport const KERNELS: string =\n  '${base64}'\n`
}

function digest(...parts: string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex').slice(0, 16)
}
