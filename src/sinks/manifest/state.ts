import type { Lane, SealedFile } from '../../contracts/index.ts'
import { compareKeys } from '../../core/keys.ts'
import { laneId } from '../../core/lane.ts'
import type { Entry } from './entry.ts'
import { type Intervals, overlaps, withInterval } from './intervals.ts'
import type { Manifest, ManifestFile, ManifestLane, RemovedFile } from './manifest.ts'

/** Whether a compacted file holds the records of another. */
export function standsFor({ reason, lane, begin, end }: ManifestFile, other: SealedFile): boolean {
  return (
    reason === 'compact' &&
    begin <= other.begin &&
    end >= other.end &&
    laneId(lane) === laneId(other.lane)
  )
}

/** What the entries up to one of them come to. */
export class ManifestState {
  readonly stream: string
  #version = 0
  readonly #files = new Map<string, ManifestFile>()
  readonly #removed = new Map<string, RemovedFile>()
  readonly #lanes = new Map<string, ManifestLane>()
  readonly #epochs = new Map<string, number>()
  /** Of the files that are named, and of those that are removed and remembered. */
  readonly #ids = new Set<string>()

  constructor(stream: string) {
    this.stream = stream
  }

  get version(): number {
    return this.#version
  }

  get files(): ReadonlyMap<string, ManifestFile> {
    return this.#files
  }

  get removed(): ReadonlyMap<string, RemovedFile> {
    return this.#removed
  }

  get epochs(): ReadonlyMap<string, number> {
    return this.#epochs
  }

  /** What of the lane was ever published. */
  added(lane: Lane): Intervals {
    return this.#lanes.get(laneId(lane))?.added ?? []
  }

  /** Whether the file was published, by itself or as a part of one that stands for it. */
  has(file: SealedFile): boolean {
    const { id, lane, begin, end, reason } = file
    if (this.#ids.has(id)) return true
    // Of two that stand for the same files, only one is published.
    if (reason === 'compact' || !overlaps(this.added(lane), [begin, end])) return false
    for (const other of this.#files.values()) if (standsFor(other, file)) return true
    return false
  }

  /** Takes the next entry. */
  apply({ number, writer, epoch, add, remove, forget }: Entry): void {
    this.#version = number
    this.#epochs.set(writer, Math.max(epoch, this.#epochs.get(writer) ?? 0))
    for (const key of remove) this.#remove(key, number)
    for (const file of add) {
      this.restoreFile(file)
      const interval = [file.begin, file.end] as const
      this.restoreLane({ lane: file.lane, added: withInterval(this.added(file.lane), interval) })
    }
    for (const key of forget) {
      this.#ids.delete(this.#removed.get(key)?.id ?? '')
      this.#removed.delete(key)
    }
  }

  #remove(key: string, version: number): void {
    const file = this.#files.get(key)
    if (!file) return
    this.#files.delete(key)
    this.#removed.set(key, { key, id: file.id, version })
  }

  /** From a checkpoint, like the following. */
  restoreVersion(version: number): void {
    this.#version = version
  }

  restoreFile(file: ManifestFile): void {
    this.#files.set(file.key, file)
    this.#ids.add(file.id)
  }

  restoreLane(lane: ManifestLane): void {
    this.#lanes.set(laneId(lane.lane), lane)
  }

  restoreRemoved(file: RemovedFile): void {
    this.#removed.set(file.key, file)
    this.#ids.add(file.id)
  }

  restoreEpoch(writer: string, epoch: number): void {
    this.#epochs.set(writer, epoch)
  }

  /** The same for everybody who has taken the same entries. */
  snapshot(): Manifest {
    const byKey = (a: { key: string }, b: { key: string }): number => compareKeys(a.key, b.key)
    return {
      stream: this.stream,
      version: this.#version,
      files: [...this.#files.values()].sort(byKey),
      lanes: [...this.#lanes.entries()]
        .sort(([a], [b]) => compareKeys(a, b))
        .map(([, lane]) => lane),
      removed: [...this.#removed.values()].sort(byKey),
    }
  }
}
