import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FieldType, Schema } from '../../../../src/contracts/index.ts'
import { exactJson } from '../../readers.ts'
import { type Cell, jsonCell, mapLeaves } from './cells.ts'
import { holdsVariant } from './types.ts'

export interface PythonReader {
  readonly name: string
  /** Whether it reads files with such columns. */
  readonly reads: (schema: Schema) => boolean
  /** The cells of a file, as this reader reads them. */
  readonly cells: (path: string, schema: Schema) => Promise<readonly (readonly Cell[])[]>
  readonly stop: () => Promise<void>
}

/** What it says for what `panicsPolars` tells beforehand. */
export const POLARS_PANIC: RegExp =
  /^polars: PanicException: .*validity (mask length must match the number of values|must be equal to the array's length)/

/** `read.py` in a process of its own, asked for one file after the other. */
export function pythonReader(python: string, name: 'pyarrow' | 'polars'): PythonReader {
  const script = fileURLToPath(new URL('read.py', import.meta.url))
  const child = spawn(python, [script, name], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    name,
    reads: ({ fields }) => name !== 'polars' || !fields.some(({ type }) => holdsVariant(type)),
    async cells(path, schema) {
      const types = schema.fields.map(({ type }) => type)
      child.stdin.write(`${JSON.stringify({ path, types })}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${name} has ended`)
      const answer = JSON.parse(value) as { rows: Cell[][] } | { error: string }
      if ('error' in answer) throw new Error(`${name}: ${answer.error}`)
      return answer.rows.map((row) => row.map((cell, n) => told(types[n] as FieldType, cell)))
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

/** What pyarrow and polars can tell of a leaf: of a variant, that it is there. */
export function asPythonHolds(type: FieldType, cell: Cell): Cell {
  return type === 'variant' ? type : cell
}

/** JSON and the order of a map's entries are made the same here, for all readers. */
function told(type: FieldType, cell: Cell): Cell {
  return mapLeaves(type, cell, (leaf, held) =>
    leaf === 'json' ? jsonCell(exactJson(held as string)) : held,
  )
}
