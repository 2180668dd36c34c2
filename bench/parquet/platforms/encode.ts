import { parquet } from 'sluice/formats/parquet'
import { MADE_SETS, type Row } from '../sets.ts'

// Runs in a Worker and in a page, from one bundle each.

const { schema, make } = MADE_SETS.a
let rows: readonly Row[] = []

/** Rows to encode, and an encoder that has been used. */
export async function prepare(count: number): Promise<void> {
  rows = await make(count)
  for (let n = 0; n < 3; n++) await encode(rows.slice(0, count / 10))
}

/** The size of the file of all rows. */
export async function encode(these: readonly Row[] = rows): Promise<number> {
  const encoder = parquet().encoder({ schema })
  let bytes = 0
  for (let from = 0; from < these.length; from += 10_000) {
    for (const chunk of await encoder.write(these.slice(from, from + 10_000))) {
      bytes += chunk.byteLength
    }
  }
  for (const chunk of (await encoder.close()).chunks) bytes += chunk.byteLength
  return bytes
}
