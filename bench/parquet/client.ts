/** `node bench/parquet/client.ts CONTENDER SET [--profile]`: one run in a process of its own; what it took goes to its parent. */
import { parquetMetadata } from 'hyparquet'
import { profiled } from '../self-times.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { SETS } from './flights.ts'
import type { DataSet } from './sets.ts'

export interface Measured {
  readonly seconds: number
  readonly fileBytes: number
  /** What the process grew by at most, above the rows: the file, what it was made of, and garbage. */
  readonly peakBytes: number
  /** Where the time went, the largest share first; with `--profile`. */
  readonly profile?: readonly string[]
}

/** For the compiler of JavaScript, which takes a while to see what is often done. */
const WARM_UP_ROWS = 20_000

const [name = '', setName = '', profiling] = process.argv.slice(2)
const contender = CONTENDERS[name] as Contender
const set = SETS[setName] as DataSet

const rows = await set.make(set.rows)
for (let n = 0; n < 3; n++) await contender(rows.slice(0, WARM_UP_ROWS), set.schema)
globalThis.gc?.()

const profileOf = profiling ? await profiled() : undefined
const before = process.memoryUsage().rss
const began = performance.now()
const file = await contender(rows, set.schema)
const seconds = (performance.now() - began) / 1000
const profile = await profileOf?.()

const found = rowsIn(file)
if (found !== set.rows) throw new Error(`${name} wrote ${found} rows, not ${set.rows}`)
const measured: Measured = {
  seconds,
  fileBytes: file.byteLength,
  peakBytes: Math.max(0, process.resourceUsage().maxRSS * 1024 - before),
  ...(profile && { profile }),
}
process.send?.(measured)
process.disconnect?.()

/** So that nobody wins by writing less. */
function rowsIn(file: Uint8Array): number {
  if (name === 'NDJSON') return file.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0)
  const bytes = new Uint8Array(file)
  return Number(parquetMetadata(bytes.buffer).num_rows)
}
