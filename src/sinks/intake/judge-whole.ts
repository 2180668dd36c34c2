import { blockOfRows } from '../../core/rows/block-builder.ts'
import type { Part } from './parts.ts'
import type { Judge } from './verdicts.ts'

/**
 * The verdict on rows that are a block, all of which are taken, in one pass: what `judge` would say of each. `undefined` where it has to be asked.
 */
export function judgeWhole<R>(rows: readonly R[], by: Judge<R>): Part<R> | undefined {
  const { format, validator, columns, partitioner, maxRecordBytes } = by
  if (validator || !format.takesPlainRows || !partitioner.isWhole) return undefined
  const { base, asItIs } = columns
  const built = blockOfRows(rows, { schema: asItIs, maxRowBytes: maxRecordBytes })
  if (!built) return undefined
  try {
    const lane = by.laneOf('', base)
    return { lane, rows: built.block, bytes: built.bytes, encoding: base.encoding }
  } catch {
    // A lane of which no file could be named: each record hears why.
    return undefined
  }
}
