import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { root } from '../install.mjs'

/** As test/conformance/matrix-case.ts has it. */
export interface CaseLine {
  readonly suite: string
  readonly name: string
  readonly status: 'passed' | 'not-supported' | 'excepted' | 'failed'
  readonly reason?: string
}

/** As test/conformance/matrix-case.ts has it. */
export interface CellLine {
  readonly cases: number
}

/** As test/conformance/served-server.ts has it. */
export interface ServedServer {
  readonly kind: string
  readonly endpoint: string
  readonly proxy?: string | undefined
  readonly control: string
}

/** As test/conformance/cell.ts has it. */
export interface Cell {
  readonly runtime: string
  readonly server?: ServedServer | undefined
  readonly only?: string | undefined
}

/** A column of the table. */
export interface Runtime {
  readonly name: string
  /** Why it cannot be used here, if so. */
  readonly missing?: string | undefined
  /** Resolves when every case of the cell has been told of. */
  run(cell: Cell, tell: (line: CaseLine | CellLine) => void): Promise<void>
  stop?(): Promise<void>
}

/** A file of test/conformance/ as one file of plain JavaScript. */
export async function bundle(name: string, options: BuildOptions): Promise<string> {
  const outfile = join(root, 'test/.out', `conformance-${name}.mjs`)
  await build({
    entryPoints: [join(root, `test/conformance/${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'warning',
    ...options,
  })
  return outfile
}

/** A line that tells of cases; any other is for people. */
export function parseLine(line: string): CaseLine | CellLine | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value = JSON.parse(line) as Partial<CaseLine & CellLine>
    const known =
      value.cases !== undefined || (value.suite !== undefined && value.status !== undefined)
    return known ? (value as CaseLine | CellLine) : undefined
  } catch {
    return undefined
  }
}
