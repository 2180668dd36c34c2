import type { EncoderCheckpoint, Schema } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { canonicalFields } from '../core/schemas/canonical-type.ts'

/**
 * Who writes the files, in the form that Parquet's readers parse: they do not trust the statistics of a writer whose name they
 * cannot read. @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData.created_by)
 */
export const WRITER = 'sluice version 0.1.0'

/** What one encoder's checkpoints look like. */
export interface Checkpoints {
  give(rows: number, bytes: number, state?: string): EncoderCheckpoint
  /** The state that was given. `not-supported` for that of an encoder which could write other bytes. */
  take<T>(from: EncoderCheckpoint, read?: (state: string) => T): T
}

/**
 * The first line of a state says who wrote it and how: this version of Sluice, since the next may write the same rows as other bytes,
 * and the same format, options and columns. The rest is the encoder's own.
 */
export function checkpoints(
  extension: string,
  options: Readonly<Record<string, unknown>>,
  schema: Schema | undefined,
): Checkpoints {
  const fields = schema ? canonicalFields(schema.fields) : null
  const head = `${JSON.stringify([WRITER, extension, options, fields])}\n`
  return {
    give: (rows, bytes, state = 'null') => ({ rows, bytes, state: head + state }),
    take({ rows, bytes, state }, read = JSON.parse) {
      try {
        if (isCount(rows) && isCount(bytes) && state.startsWith(head)) {
          return read(state.slice(head.length))
        }
      } catch {}
      throw new SluiceError(
        'not-supported',
        `This .${extension} file was begun by another version of Sluice, or with other options; go on with those, or encode it anew`,
      )
    },
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
