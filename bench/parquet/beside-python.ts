import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DataSet } from './sets.ts'

/** The bytes of pyarrow's file by one codec, and the seconds of each round. */
export interface ByPyarrow {
  readonly codec: string
  readonly seconds: readonly number[]
  readonly fileBytes: number
}

/** The same rows through pyarrow's `Table.from_pylist` and `write_table`, by one codec after the other. */
export async function byPyarrow(
  python: string,
  { schema, rows, make }: DataSet,
  rounds: number,
): Promise<readonly ByPyarrow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-parquet-'))
  try {
    const paths = [join(folder, 'schema.json'), join(folder, 'rows.jsonl')] as const
    await writeFile(paths[0], JSON.stringify(schema))
    const file = createWriteStream(paths[1])
    for (const row of await make(rows)) {
      if (!file.write(`${JSON.stringify(row, millis)}\n`)) await once(file, 'drain')
    }
    file.end()
    await once(file, 'close')
    const script = fileURLToPath(new URL('python.py', import.meta.url))
    const child = spawn(python, [script, ...paths, String(rounds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const found: ByPyarrow[] = []
    for await (const line of createInterface(child.stdout)) found.push(JSON.parse(line))
    return found
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** JSON has made a text of a `Date` before it asks. */
function millis(this: unknown, key: string, value: unknown): unknown {
  const given = (this as Readonly<Record<string, unknown>>)[key]
  return given instanceof Date ? given.getTime() : value
}
