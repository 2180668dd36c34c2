import type { Encoding, Lane } from '../../contracts/index.ts'
import type { Version } from './columns/version.ts'

/** Rows of one write that belong to one lane. */
export interface Part<R> {
  readonly lane: Lane
  readonly rows: R[]
  /** Their size as JSON, about. */
  bytes: number
  readonly encoding: Encoding
}

/** Gathers rows by lane. */
export class Parts<R> {
  readonly #laneOf: (partition: string, version: Version) => Lane
  readonly #parts = new Map<Version, Map<string, Part<R>>>()

  constructor(laneOf: (partition: string, version: Version) => Lane) {
    this.#laneOf = laneOf
  }

  get all(): readonly Part<R>[] {
    return [...this.#parts.values()].flatMap((parts) => [...parts.values()])
  }

  add(row: R, bytes: number, partition: string, version: Version): void {
    const part = this.#parts.get(version)?.get(partition) ?? this.#open(partition, version)
    part.rows.push(row)
    part.bytes += bytes
  }

  #open(partition: string, version: Version): Part<R> {
    const lane = this.#laneOf(partition, version)
    const part = { lane, rows: [], bytes: 0, encoding: version.encoding }
    const ofVersion = this.#parts.get(version) ?? new Map<string, Part<R>>()
    this.#parts.set(version, ofVersion.set(partition, part))
    return part
  }
}
