import { readFile } from 'node:fs/promises'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { type DataSet, MADE_SETS } from './sets.ts'

/** Its exports do not name it. */
const FILE = new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url)

/** What people's data is like: times that come often, small numbers, few texts. */
const flights: DataSet = {
  what: 'a million rows of flights-3m.parquet of vega-datasets',
  schema: {
    fields: [
      { name: 'date', type: 'timestamp', nullable: false },
      { name: 'delay', type: 'int32', nullable: true },
      { name: 'distance', type: 'int32', nullable: true },
      { name: 'origin', type: 'string', nullable: false },
      { name: 'destination', type: 'string', nullable: false },
    ],
  },
  rows: 1_000_000,
  async make(count) {
    const file = (await readFile(FILE)) as Uint8Array<ArrayBuffer>
    const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
    const rows = await parquetReadObjects({ file: buffer, rowEnd: count, compressors })
    // 64 bits in that file, and no larger than a number.
    return rows.map(({ date, delay, distance, origin, destination }) => ({
      date,
      delay: delay === null ? null : Number(delay),
      distance: distance === null ? null : Number(distance),
      origin,
      destination,
    }))
  },
}

export const SETS: Readonly<Record<string, DataSet>> = {
  a: MADE_SETS.a,
  b: flights,
  c: MADE_SETS.c,
}
