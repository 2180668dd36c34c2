import { open, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { UsageError } from './arguments.ts'

export type InputKind = 'csv' | 'ndjson' | 'json-array'

/** Records in a file, and the stream that they go to. */
export interface DataSet {
  readonly stream: string
  /** For people. */
  readonly name: string
  readonly path: string
  readonly kind: InputKind
}

/** The real data that ships with the npm package vega-datasets. */
export function vegaDataSets(root: string): readonly DataSet[] {
  const folder = join(root, 'node_modules', 'vega-datasets', 'data')
  return [
    {
      stream: 'flights',
      name: 'flights-200k.json',
      path: join(folder, 'flights-200k.json'),
      kind: 'json-array',
    },
    {
      stream: 'birdstrikes',
      name: 'birdstrikes.csv',
      path: join(folder, 'birdstrikes.csv'),
      kind: 'csv',
    },
  ]
}

/** A file of the user's own. Throws `UsageError` for one that cannot be read or has no records' form. */
export async function inputDataSet(path: string): Promise<DataSet> {
  return { stream: 'input', name: basename(path), path, kind: await kindOf(path) }
}

async function kindOf(path: string): Promise<InputKind> {
  const head = await headOf(path)
  if (head.includes('\0') || (head.charCodeAt(0) === 0x1f && head.charCodeAt(1) === 0x8b)) {
    throw new UsageError(`${path} is not text: --input takes plain CSV, NDJSON or a JSON array`)
  }
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return 'csv'
    case '.ndjson':
    case '.jsonl':
      return 'ndjson'
  }
  // `.json` may be either, and without an extension to go by the first character tells.
  const first = head.replace(/^\u{ef}\u{bb}\u{bf}/u, '').trimStart()[0]
  if (first === '[') return 'json-array'
  if (first === '{') return 'ndjson'
  if (extname(path).toLowerCase() !== '.json' && first !== undefined) return 'csv'
  throw new UsageError(
    `${path} holds ${first === undefined ? 'nothing' : 'neither a JSON array nor a JSON object per line'}`,
  )
}

/** The first bytes, one character each. */
async function headOf(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new UsageError(`${path} is not a file`)
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0)
      return buffer.toString('latin1', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
