import { open, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'

/** Why a file cannot be taken. The message is for whoever named it. */
export class InputError extends Error {}

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

/** A file of the user's own. Throws `InputError` for one that cannot be read, is empty, or has no records' form. */
export async function inputDataSet(path: string): Promise<DataSet> {
  return { stream: 'input', name: basename(path), path, kind: await kindOf(path) }
}

async function kindOf(path: string): Promise<InputKind> {
  const head = await headOf(path)
  if (head.startsWith('\x1f\x8b')) {
    throw new InputError(`${path} is gzip: --input takes plain text, so unpack it first`)
  }
  if (head.includes('\0')) {
    throw new InputError(`${path} is not text: --input takes CSV, NDJSON or a JSON array`)
  }
  const text = head.replace(/^\u{ef}\u{bb}\u{bf}/u, '').trimStart()
  if (text === '' && head.length < HEAD_BYTES) throw new InputError(`${path} holds nothing`)
  const extension = extname(path).toLowerCase()
  switch (extension) {
    case '.csv':
      return 'csv'
    case '.ndjson':
    case '.jsonl':
      return 'ndjson'
  }
  // `.json` may be either, and without an extension to go by the first character tells.
  if (text.startsWith('[')) return 'json-array'
  if (text.startsWith('{')) return 'ndjson'
  if (extension !== '.json') return 'csv'
  throw new InputError(`${path} holds neither a JSON array nor a JSON object per line`)
}

const HEAD_BYTES = 1024

/** The first bytes, one character each. */
async function headOf(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new InputError(`${path} is not a file`)
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
      return buffer.toString('latin1', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new InputError(`There is no file ${path}`)
    }
    throw new InputError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
