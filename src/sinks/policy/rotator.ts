import type { CutReason, Lane, LaneState } from '../../contracts/index.ts'
import type { Cutter } from './cutter.ts'
import type { OpenLanes } from './open-lanes.ts'
import type { Partitioner } from './partition.ts'
import type { Rotation } from './rotation.ts'

export interface RotatorOptions {
  readonly lanes: OpenLanes
  readonly cutter: Pick<Cutter, 'cut' | 'cutAll' | 'makeRoom'>
  readonly rotation: Rotation
  readonly partitioner: Pick<Partitioner<never>, 'endOf'>
  readonly maxOpenFiles: number
  /** What open files may hold together. */
  readonly openBytes: number
}

/** Cuts what records have made full, by size, by number, and by the time of their events; and what makes room, before the log is full. */
export class Rotator {
  readonly #options: RotatorOptions
  #full = new Set<Lane>()
  #watermarkMs = Number.NEGATIVE_INFINITY
  /** Partitions that end up to here have been closed; what comes to them later is a late file, cut by other limits. */
  #closedMs = Number.NEGATIVE_INFINITY
  /** No open partition ends before, of those that are not closed. */
  #nextEndMs = Number.POSITIVE_INFINITY

  constructor(options: RotatorOptions) {
    this.#options = options
  }

  /** Tells of lanes that have grown and how far the watermark is. Answers whether there is something to cut. */
  grown(lanes: Iterable<Lane>, watermarkMs: number): boolean {
    this.#watermarkMs = Math.max(this.#watermarkMs, watermarkMs)
    for (const lane of lanes) {
      if (this.#cutOf(this.#options.lanes.get(lane))) this.#full.add(lane)
      const endMs = this.closesAt(lane)
      if (endMs !== undefined) this.#nextEndMs = Math.min(this.#nextEndMs, endMs)
    }
    return (
      this.#full.size > 0 ||
      this.#options.lanes.count > this.#options.maxOpenFiles ||
      this.#options.lanes.bytes > this.#options.openBytes ||
      this.#watermarkMs >= this.#nextEndMs
    )
  }

  /** When the watermark closes the lane, in the time of events; `undefined` where it does not. */
  closesAt(lane: Lane): number | undefined {
    const endMs = this.#options.partitioner.endOf(lane.partition)
    return endMs !== undefined && endMs > this.#closedMs ? endMs : undefined
  }

  /** How far the watermark is. */
  get watermarkMs(): number {
    return this.#watermarkMs
  }

  /** Cuts all that is due. What fails stays open, and is tried again when it has grown. */
  async cutDue(): Promise<void> {
    const full = this.#full
    this.#full = new Set()
    for (const lane of full) await this.#cutFull(lane)
    if (this.#watermarkMs >= this.#nextEndMs) await this.#cutClosed()
    await this.#cutLargest()
    const { lanes, cutter, maxOpenFiles } = this.#options
    const excess = lanes.count - maxOpenFiles
    if (excess <= 0) return
    for (const state of lanes.largest(excess)) await cutter.cutAll(state, 'files')
  }

  async #cutFull(lane: Lane): Promise<void> {
    const { lanes, cutter } = this.#options
    for (;;) {
      const state = lanes.get(lane)
      const cut = this.#cutOf(state)
      if (!state || !cut) return
      await cutter.cut(state, Math.min(cut.records, state.end - state.begin), cut.reason)
    }
  }

  async #cutClosed(): Promise<void> {
    const { lanes, cutter } = this.#options
    let nextEndMs = Number.POSITIVE_INFINITY
    for (const state of lanes.open()) {
      const endMs = this.closesAt(state.lane)
      if (endMs === undefined) continue
      if (endMs <= this.#watermarkMs) await cutter.cutAll(state, 'watermark')
      else nextEndMs = Math.min(nextEndMs, endMs)
    }
    this.#closedMs = this.#watermarkMs
    this.#nextEndMs = nextEndMs
  }

  /** Until what is open is no more than it may be. */
  async #cutLargest(): Promise<void> {
    const { lanes, cutter, openBytes } = this.#options
    if (lanes.bytes <= openBytes) return
    for (const state of lanes.largest(lanes.count)) {
      await cutter.makeRoom(state)
      if (lanes.bytes <= openBytes) return
    }
  }

  #cutOf(state: LaneState | undefined): { records: number; reason: CutReason } | undefined {
    return state && this.#options.rotation.cut(state.end - state.begin, state.bytes)
  }
}
