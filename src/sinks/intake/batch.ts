import type { LogBatch, ProducerStep, Refused, SinkWriteOptions } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { sha256Hex } from '../../core/hash.ts'
import { rawText } from '../../core/raw-text.ts'
import { rowText } from '../../core/row-text.ts'
import { approximateBytes } from '../../core/sizes.ts'
import { deadLetter, deadLetterEncoding } from '../dead-letters/dead-letter.ts'
import { deadLetterLane } from '../dead-letters/lane.ts'
import { rejectedOf, type Verdicts } from './verdicts.ts'

/** The rows by lane, and the dead letters as a lane of their own, for one transaction of the log. */
export function batchOf<R>(
  { parts, refused }: Verdicts<R>,
  stream: string,
  shard: string,
  producer: ProducerStep | undefined,
  atMs: number,
): LogBatch<R> {
  const lanes = [...parts]
  if (refused.length > 0) {
    // A dead-letter lane holds rows of its own kind; its files are encoded by a format of their own.
    const rows = refused.map((one) => deadLetter(one, atMs)) as unknown as R[]
    lanes.push({
      lane: deadLetterLane(stream, shard),
      rows,
      bytes: approximateBytes(rows),
      encoding: deadLetterEncoding,
    })
  }
  return { lanes, rejected: rejectedOf(refused), producer, atMs }
}

/** What a batch weighs. */
export function batchBytes<R>({ lanes }: LogBatch<R>): number {
  return lanes.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** A producer's step with what makes a request the same request when it comes again. */
export async function producerStep(
  producer: NonNullable<SinkWriteOptions['producer']>,
  rows: readonly object[],
  refused: readonly Refused[],
): Promise<ProducerStep> {
  const { id, epoch, seq } = producer
  // No two requests have one text: each part is a line without a line end in it, and begins as no other kind does.
  const texts = [...rows.map(exactText), ...refused.map((one) => `!${JSON.stringify(heldBy(one))}`)]
  return { id, epoch, seq, hash: await sha256Hex(utf8(texts.join('\n'))) }
}

/** What is kept of it. Two parts where `raw` is all, as in requests of earlier versions. */
function heldBy({ index, raw, exact }: Refused): readonly unknown[] {
  return exact === undefined ? [index, raw] : [index, raw, exact]
}

/** What is no data is rejected, and kept as this legible text. */
function exactText(row: object): string {
  try {
    return rowText(row)
  } catch {
    return `?${rawText(row)}`
  }
}
