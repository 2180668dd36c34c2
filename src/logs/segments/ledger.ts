import type {
  Appended,
  CommittedFile,
  Encoding,
  Lane,
  LanePosition,
  LaneRange,
  LaneState,
  PendingFile,
  ProducerRun,
  ProducerStep,
  Sealed,
  SealedFile,
  StoredFile,
} from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { encodingOf } from '../encodings.ts'
import {
  earlierAnswer,
  type ProducerWindow,
  producerRuns,
  type RunRanges,
  withAnswer,
} from '../producers.ts'
import { checkReach, laneToCut, neverSealed, otherEncoding } from '../refusals.ts'
import { KEEP_FILES_MS, KEEP_PRODUCERS, KEEP_PRODUCERS_MS } from '../retention.ts'
import type { AppendChange, AppendPart, Change, FileChange } from './changes.ts'
import {
  blockAt,
  dropBlocks,
  dropFiles,
  firstKnown,
  insertFile,
  type LaneEntry,
  openBytes,
  type SealedEntry,
} from './lane-entry.ts'
import type { Block } from './segment.ts'

export interface ProducerEntry {
  readonly window: ProducerWindow
  /** When its last request came. */
  readonly atMs: number
}

/** Where a frame of rows was written. */
export type BlockPlace = Pick<Block, 'segment' | 'offset' | 'length'>

/**
 * What a segment log knows without reading: lanes, files, producers, and where the rows lie. Methods that end in `Change` judge what
 * is asked and change nothing; `append` and `apply` do what was judged, now or when the log is read again.
 */
export class Ledger {
  readonly lanes: LaneEntry[] = []
  readonly sealed: Map<string, SealedEntry> = new Map()
  /** The one that was heard of longest ago first. */
  readonly producers: Map<string, ProducerEntry> = new Map()
  readonly #lanesById = new Map<string, LaneEntry>()
  readonly #encodings = new Map<string, Encoding>()

  /** See the function of this name. */
  earlierAnswer(step: ProducerStep): Appended | undefined {
    return earlierAnswer(step, this.producers.get(step.id)?.window)
  }

  /** An answer from a snapshot, as JSON, and what the epoch brought for runs up to it. */
  addAnswer(step: ProducerStep, atMs: number, answer: string, runs: RunRanges): void {
    const window = withAnswer(this.producers.get(step.id)?.window, step, answer)
    this.#addProducer(step.id, { window: { ...window, runs }, atMs })
  }

  /** How a part of an append names its lane. Throws where the lane's open rows have another encoding. `fresh` counts new lanes. */
  partFor(
    lane: Lane,
    encoding: string,
    fresh: number,
  ): Pick<AppendPart, 'lane' | 'name' | 'encoding'> {
    const known = this.find(lane)
    if (!known) return { lane: this.lanes.length + fresh, name: lane, encoding }
    if (known.encoding === encoding) return { lane: known.number }
    if (known.end > known.begin) throw otherEncoding(lane)
    return { lane: known.number, encoding }
  }

  append(change: AppendChange, places: readonly BlockPlace[]): readonly LaneRange[] {
    const { parts, producer, rejected = [], atMs } = change
    let next = 0
    let ofRun: LaneRange | undefined
    const ranges = parts.map((part) => {
      const entry = part.name ? this.addLane(part.name) : (this.lanes[part.lane] as LaneEntry)
      if (part.encoding !== undefined) entry.encoding = part.encoding
      const begin = entry.end
      const total = part.rows.reduce((sum, rows) => sum + rows, 0)
      for (const rows of part.rows) {
        const place = places[next++] as BlockPlace
        const bytes = (part.bytes * rows) / total
        this.addBlock(entry, { ...place, first: entry.end, next: entry.end + rows, bytes, atMs })
        entry.end += rows
      }
      entry.bytes += part.bytes
      const range = { lane: entry.lane, begin, end: entry.end }
      if (this.#encoding(entry.encoding).run !== undefined) ofRun ??= range
      return range
    })
    if (producer) {
      const known = this.producers.get(producer.id)?.window
      const text = JSON.stringify({ ranges, rejected })
      this.#addProducer(producer.id, { window: withAnswer(known, producer, text, ofRun), atMs })
    }
    return ranges
  }

  sealChange(file: SealedFile): Change {
    laneToCut(file, this.find(file.lane))
    return { kind: 'seal', file }
  }

  /** Throws `not-found` for files that were never sealed; those that are committed are left out. */
  filesOf(files: readonly StoredFile[]): readonly FileChange[] {
    const changes = new Map<string, FileChange>()
    for (const { id, lane, etag, bytes } of files) {
      if (this.sealed.has(id)) changes.set(id, { id, etag, bytes })
      else if (!this.find(lane)?.committed.some((other) => other.id === id)) {
        throw neverSealed(id)
      }
    }
    return [...changes.values()]
  }

  apply(change: Change, places: readonly BlockPlace[]): void {
    switch (change.kind) {
      case 'append':
        this.append(change, places)
        return
      case 'seal':
        this.seal(change.file)
        return
      case 'progress':
        this.#update(change.id, { upload: change.upload })
        return
      case 'store':
        for (const { id, etag, bytes } of change.files) {
          const { lane } = this.#update(id, { upload: undefined, stored: { etag, bytes } })
          dropBlocks(lane)
        }
        return
      case 'commit':
        this.#commit(change.files)
    }
  }

  seal(file: SealedFile): Sealed {
    const entry = this.find(file.lane) as LaneEntry
    const before = entry.bytes
    entry.begin = file.end
    entry.bytes = openBytes(entry)
    const sealed: SealedEntry = {
      lane: entry,
      encoding: entry.encoding,
      file: { ...file, lane: entry.lane, rowBytes: before - entry.bytes },
    }
    this.addSealed(sealed)
    return { file: this.pending(sealed), rest: this.stateOf(entry) }
  }

  find(lane: Lane): LaneEntry | undefined {
    return this.#lanesById.get(laneId(lane))
  }

  committed(range: LaneRange): readonly CommittedFile[] {
    const entry = this.find(range.lane)
    checkReach(range, entry?.end, entry && firstKnown(entry))
    return (entry?.committed ?? []).filter(
      ({ begin, end }) => begin < range.end && end > range.begin,
    )
  }

  positions(): readonly LanePosition[] {
    return this.lanes.map(({ lane, begin, end, sealed }) => {
      const [first] = sealed
      return { lane, committed: first?.file.begin ?? begin, end }
    })
  }

  openLanes(): readonly LaneState[] {
    return this.lanes.filter(({ begin, end }) => end > begin).map((entry) => this.stateOf(entry))
  }

  pendingFiles(): readonly PendingFile[] {
    return [...this.sealed.values()].map((sealed) => this.pending(sealed))
  }

  producerRuns(): readonly ProducerRun[] {
    return [...this.producers].flatMap(([id, { window }]) => producerRuns(id, window))
  }

  addLane(lane: Lane): LaneEntry {
    const entry: LaneEntry = {
      number: this.lanes.length,
      lane,
      begin: 0,
      end: 0,
      bytes: 0,
      encoding: '',
      blocks: [],
      sealed: new Set(),
      committed: [],
    }
    this.lanes.push(entry)
    this.#lanesById.set(laneId(lane), entry)
    return entry
  }

  addBlock(entry: LaneEntry, block: Block): void {
    entry.blocks.push(block)
    block.segment.liveBytes += block.length
  }

  addSealed(sealed: SealedEntry): void {
    this.sealed.set(sealed.file.id, sealed)
    sealed.lane.sealed.add(sealed)
  }

  stateOf({ lane, begin, end, bytes, encoding, blocks }: LaneEntry): LaneState {
    const first = end > begin ? blocks[blockAt(blocks, begin)] : undefined
    return {
      lane,
      begin,
      end,
      bytes,
      openedAtMs: first?.atMs,
      lastAtMs: first && blocks.at(-1)?.atMs,
      encoding: this.#encoding(encoding),
    }
  }

  pending({ file, encoding }: SealedEntry): PendingFile {
    return { ...file, encoding: this.#encoding(encoding) }
  }

  #addProducer(id: string, producer: ProducerEntry): void {
    this.producers.delete(id)
    this.producers.set(id, producer)
  }

  #encoding(text: string): Encoding {
    const known = this.#encodings.get(text)
    if (known) return known
    const encoding = encodingOf(text)
    this.#encodings.set(text, encoding)
    return encoding
  }

  #update(id: string, more: Pick<PendingFile, 'upload' | 'stored'>): SealedEntry {
    const sealed = this.sealed.get(id) as SealedEntry
    const { upload: _, ...file } = { ...sealed.file, ...more }
    sealed.file = more.upload ? { ...file, upload: more.upload } : file
    return sealed
  }

  #commit(files: readonly FileChange[]): void {
    let atMs = 0
    for (const { id, etag, bytes } of files) {
      const sealed = this.sealed.get(id) as SealedEntry
      const { lane } = sealed
      this.sealed.delete(id)
      lane.sealed.delete(sealed)
      const { rowBytes: _, upload: __, stored: ___, ...file } = sealed.file
      insertFile(lane.committed, { ...file, etag, bytes })
      dropBlocks(lane)
      atMs = Math.max(atMs, file.sealedAtMs)
    }
    // Files and producers stand in the order in which they came: where a clock was set back, some stay longer.
    for (const entry of this.lanes) dropFiles(entry, atMs - KEEP_FILES_MS)
    for (const [id, producer] of this.producers) {
      const isMany = this.producers.size > KEEP_PRODUCERS
      if (!isMany || producer.atMs >= atMs - KEEP_PRODUCERS_MS) break
      this.producers.delete(id)
    }
  }
}
