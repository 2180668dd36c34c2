import type { Encoding, LaneState, Rejection, Row, Schema } from '../../../contracts/index.ts'

/** Columns that records are written under, as their lane calls them. */
export interface Version {
  /** The lane's `schema`. */
  readonly word: string
  readonly encoding: Encoding
}

/** A record as it is written, and under which columns. */
export interface Placed {
  readonly row: Row
  readonly version: Version
}

/** The columns of a stream, as far as they are known. */
export interface Columns {
  /** What the stream was declared with. */
  readonly base: Version
  /** A record that fits it is placed under `base` just as it is; `undefined` where any is. */
  readonly asItIs: Schema | undefined
  /** Where a record belongs, or why nowhere. One record at a time: await it before the next. */
  place(row: Row): Placed | Rejection | Promise<Placed | Rejection>
  /** Whether records of this sink can come to a lane that an earlier process left open. */
  takesUp(lane: LaneState): boolean
}

export function isOf({ word, encoding }: Version, { lane, encoding: of }: LaneState): boolean {
  return lane.schema === word && of.format === encoding.format && of.run === encoding.run
}
