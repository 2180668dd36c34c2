import type { Canonical } from './canonical.ts'
import { parseJson } from './canonical.ts'
import type { DataSet } from './data-sets.ts'
import type { ReadBack } from './read-back.ts'
import { asRecord, openDuckDb, readInput } from './readers.ts'
import type { RejectedRecord, Sent } from './send.ts'
import { Summary } from './summary.ts'

/** What an independent reader found in a data set. */
export interface Input {
  readonly summary: Summary
  /** Those that are no record included. */
  readonly records: number
}

export async function summarizeInput(dataSet: DataSet, canonical: Canonical): Promise<Input> {
  const summary = new Summary(canonical)
  let unreadable = 0
  const duckDb = await openDuckDb()
  try {
    for await (const record of readInput(duckDb, dataSet)) {
      if (record) summary.add(record)
      else unreadable++
    }
  } finally {
    duckDb.closeSync()
  }
  return { summary, records: summary.records + unreadable }
}

/**
 * What is wrong with what came back, in words; nothing when every record that the sink took is in the bucket once, every
 * other is a dead letter, and the receipts name exactly the files that are there. Takes the rejected records out of `input`.
 */
export function verify(input: Input, sent: Sent, stored: ReadBack): string[] {
  const problems = [...stored.unreadable]
  const rejected = sent.rejected.length
  if (input.records !== sent.accepted + rejected) {
    problems.push(
      `${input.records} records in the input, ${sent.accepted} accepted and ${rejected} rejected`,
    )
  }
  for (const { record } of sent.rejected) {
    const readable = readableOf(record)
    if (readable) input.summary.remove(readable)
  }
  problems.push(...input.summary.differences(stored.summary))

  const deadLetters = stored.deadLetters.reduce((sum, { records }) => sum + records, 0)
  if (deadLetters !== rejected) {
    problems.push(`${rejected} records were rejected, ${deadLetters} dead letters are kept`)
  }
  const keys = new Set([...stored.files, ...stored.deadLetters].map(({ key }) => key))
  const named = new Set(sent.files)
  for (const key of keys) if (!named.has(key)) problems.push(`no receipt names ${key}`)
  for (const key of named) if (!keys.has(key)) problems.push(`${key} is not in the bucket`)
  return problems
}

/** A rejected record as the independent reader of the input has counted it. */
function readableOf(record: RejectedRecord['record']) {
  if (typeof record !== 'string') return record
  try {
    return asRecord(parseJson(record))
  } catch {
    return undefined
  }
}
