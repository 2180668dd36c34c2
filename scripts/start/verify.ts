import type { Canonical } from './canonical.ts'
import type { DataSet } from './data-sets.ts'
import type { ReadBack } from './read-back.ts'
import { readInput } from './readers.ts'
import type { Sent } from './send.ts'
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
  for await (const record of readInput(dataSet)) {
    if (record) summary.add(record)
    else unreadable++
  }
  return { summary, records: summary.records + unreadable }
}

/**
 * Takes out of `input` what the sink rejected. By its place, and from the input: of a record that was too large the sink
 * keeps only the beginning.
 */
export async function takeOutRejected(
  { summary }: Input,
  dataSet: DataSet,
  rejected: Sent['rejected'],
): Promise<void> {
  if (rejected.length === 0) return
  const places = new Set(rejected.map(({ index }) => index))
  let place = 0
  for await (const record of readInput(dataSet)) {
    if (places.has(place++) && record) summary.remove(record)
  }
}

/**
 * What is wrong with what came back, in words; nothing when every record that the sink took is in the bucket once, every
 * other is a dead letter, and the receipts name exactly the files that are there. What was rejected is out of `input`.
 */
export function verify(input: Input, sent: Sent, stored: ReadBack): string[] {
  const problems = [...stored.unreadable]
  const rejected = sent.rejected.length
  if (input.records !== sent.accepted + rejected) {
    problems.push(
      `${input.records} records in the input, ${sent.accepted} accepted and ${rejected} rejected`,
    )
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
