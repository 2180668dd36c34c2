import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FORMATS } from './arguments.ts'
import { type Canonical, jsonText } from './canonical.ts'
import type { Bucket } from './local-worker.ts'
import { openDuckDb, readOutput } from './readers.ts'
import { Summary } from './summary.ts'

/** One file of the bucket as an independent reader found it. */
export interface StoredFile {
  readonly key: string
  readonly bytes: number
  readonly records: number
  /** What its records take as JSON lines. */
  readonly jsonBytes: number
}

export interface ReadBack {
  readonly files: readonly StoredFile[]
  readonly summary: Summary
  readonly deadLetters: readonly StoredFile[]
  /** Files that could not be read as what they should be, and why. */
  readonly unreadable: readonly string[]
}

/** Reads all files of a stream out of the bucket, except those that were there before. */
export async function readBack(
  bucket: Bucket,
  stream: string,
  options: { readonly canonical: Canonical; readonly except: ReadonlySet<string> },
): Promise<ReadBack> {
  const summary = new Summary(options.canonical)
  const files: StoredFile[] = []
  const deadLetters: StoredFile[] = []
  const unreadable: string[] = []
  const duckDb = await openDuckDb()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-read-back-'))
  try {
    for (const { key, bytes } of await bucket.list(`${stream}/`)) {
      if (options.except.has(key)) continue
      const isDeadLetter = key.startsWith(`${stream}/_rejected/`)
      const file = { key, bytes, records: 0, jsonBytes: 0 }
      ;(isDeadLetter ? deadLetters : files).push(file)
      try {
        const format = FORMATS.find((name) => key.endsWith(`.${name}`))
        if (!format) throw new Error('it has none of the formats that were asked for')
        const path = join(folder, `file.${format}`)
        await writeFile(path, await bucket.get(key))
        for await (const record of readOutput(duckDb, path, format)) {
          if (!record) throw new Error('it has a line that is no record')
          file.records++
          file.jsonBytes += Buffer.byteLength(jsonText(record)) + 1
          if (!isDeadLetter) summary.add(record)
        }
      } catch (error) {
        unreadable.push(`${key} cannot be read: ${(error as Error).message}`)
      }
    }
  } finally {
    duckDb.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
  return { files, summary, deadLetters, unreadable }
}
