import type { Encoding, Lane, Rows } from '../../contracts/index.ts'
import { blockOfRows } from '../../core/rows/block-builder.ts'
import type { Version } from './columns/version.ts'

/** Rows of one write that belong to one lane. */
export interface Part<R> {
  readonly lane: Lane
  readonly rows: Rows<R>
  /** Their size as JSON, about. */
  readonly bytes: number
  readonly encoding: Encoding
}

interface Gathering<R> extends Part<R> {
  readonly rows: R[]
  bytes: number
}

/** Gathers rows by lane. */
export class Parts<R> {
  readonly #laneOf: (partition: string, version: Version) => Lane
  readonly #parts = new Map<Version, Map<string, Gathering<R>>>()

  constructor(laneOf: (partition: string, version: Version) => Lane) {
    this.#laneOf = laneOf
  }

  /** The rows that may be a block are one. */
  all(): readonly Part<R>[] {
    return [...this.#parts.values()].flatMap((parts) =>
      Array.from(parts.values(), (part) => ({
        ...part,
        rows: blockOfRows(part.rows)?.block ?? part.rows,
      })),
    )
  }

  add(row: R, bytes: number, partition: string, version: Version): void {
    const part = this.#parts.get(version)?.get(partition) ?? this.#open(partition, version)
    part.rows.push(row)
    part.bytes += bytes
  }

  #open(partition: string, version: Version): Gathering<R> {
    const lane = this.#laneOf(partition, version)
    const part = { lane, rows: [], bytes: 0, encoding: version.encoding }
    const ofVersion = this.#parts.get(version) ?? new Map<string, Gathering<R>>()
    this.#parts.set(version, ofVersion.set(partition, part))
    return part
  }
}
