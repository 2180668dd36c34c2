import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import type { EncodedRows } from './compare.ts'
import { CODECS } from './subject.ts'

const FOLDER = new URL('../../../fixtures/parquet/', import.meta.url)

/** What failed once, the smallest of it that was found, and is tried in each run since. */
interface Kept {
  /** For people: what `sample` holds. */
  readonly told: string
  /** In the form of structured clones, which have bigints, Dates, bytes, Maps and `-0`; in base64. */
  readonly sample: string
}

/** Writes a fixture of a failure. Commit it with what mends it. */
export async function keep(sample: EncodedRows, folder: URL = FOLDER): Promise<void> {
  const { schema, rows, writes, refusedBy } = sample
  const { codec: given, ...options } = sample.options ?? {}
  // A codec may be an object with functions: it is kept by its name.
  const codec = Object.keys(CODECS).find((name) => CODECS[name]?.codec === given)
  const plain = { schema, rows, writes, refusedBy, options, codec }
  const bytes = serialize(plain)
  const kept: Kept = { told: inspect(plain, { depth: 40 }), sample: bytes.toString('base64') }
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(kept, null, 2)}\n`)
}

export async function kept(folder: URL = FOLDER): Promise<ReadonlyMap<string, EncodedRows>> {
  const names = await readdir(folder).catch(() => [])
  const all = names.toSorted().map(async (name) => {
    const { sample } = JSON.parse(await readFile(new URL(name, folder), 'utf8')) as Kept
    const { codec, options, ...rest } = deserialize(Buffer.from(sample, 'base64'))
    return [name, { ...rest, options: { ...options, ...CODECS[codec] } }] as const
  })
  return new Map(await Promise.all(all))
}
