import type { Refused, Row, Source } from '../contracts/index.ts'
import { derive, type Reading } from '../core/reading.ts'
import { approximateBytes } from '../core/sizes.ts'
import { checkCount, parsed, type RecordParser, Unreadable } from './record-reader.ts'

/** Records of an input, in its order: `await sink.write(batch.rows, { refused: batch.refused })`. */
export interface RecordBatch {
  readonly rows: readonly Row[]
  /** What could not be read as a row. `index` counts within the batch; the rows fill the places that these leave free. */
  readonly refused: readonly Refused[]
}

/** A batch ends with the record that reaches one of these, and with the input. */
export interface BatchOptions {
  /** Rows and refused records in a batch. Default 2,000. */
  readonly batchRecords?: number | undefined
  /** About how many bytes a batch has as JSON. Default 1 MiB. */
  readonly batchBytes?: number | undefined
}

/** The records of a source of bytes in batches, read as they are asked for. */
export function readBatches(
  source: Source<Uint8Array>,
  parser: RecordParser,
  { batchRecords = 2000, batchBytes = 1024 * 1024 }: BatchOptions,
): Reading<RecordBatch> {
  checkCount('batchRecords', batchRecords)
  checkCount('batchBytes', batchBytes)
  return derive(source, async function* (chunks) {
    let rows: Row[] = []
    let refused: Refused[] = []
    let bytes = 0
    /** Records in the batches before. */
    let before = 0
    const cut = (): RecordBatch => {
      const batch = { rows, refused }
      before += rows.length + refused.length
      rows = []
      refused = []
      bytes = 0
      return batch
    }
    try {
      for await (const records of parsed(chunks, parser)) {
        for (const record of records) {
          if (record instanceof Unreadable) {
            refused.push({ ...record.refused, index: record.refused.index - before })
            bytes += record.refused.raw.length
          } else {
            rows.push(record)
            bytes += approximateBytes(record)
          }
          if (rows.length + refused.length >= batchRecords || bytes >= batchBytes) yield cut()
        }
      }
    } catch (error) {
      // What came before the fault has been read.
      if (rows.length + refused.length > 0) yield cut()
      throw error
    }
    if (rows.length + refused.length > 0) yield cut()
  })
}
