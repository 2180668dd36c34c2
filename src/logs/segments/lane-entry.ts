import type { CommittedFile, Lane, PendingFile } from '../../contracts/index.ts'
import type { Block } from './segment.ts'

/** A lane, as the log's memory has it. */
export interface LaneEntry {
  readonly number: number
  readonly lane: Lane
  begin: number
  end: number
  bytes: number
  encoding: string
  /** Ascending; from the first record on whose file is not in the store. */
  blocks: Block[]
  /** Not committed, ascending. */
  readonly sealed: Set<SealedEntry>
  /** Ascending. */
  readonly committed: CommittedFile[]
}

export interface SealedEntry {
  readonly lane: LaneEntry
  readonly encoding: string
  file: Omit<PendingFile, 'encoding'>
}

/** The index of the block that holds the position. */
export function blockAt(blocks: readonly Block[], position: number): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((blocks[middle] as Block).next <= position) low = middle + 1
    else high = middle
  }
  return low
}

/** The first position that is open, or in a file that is not forgotten. */
export function firstKnown({ begin, sealed, committed }: LaneEntry): number {
  const [first] = sealed
  return Math.min(begin, first?.file.begin ?? begin, committed[0]?.begin ?? begin)
}

/** What the open records weigh. */
export function openBytes({ blocks, begin }: LaneEntry): number {
  let bytes = 0
  for (let i = blockAt(blocks, begin); i < blocks.length; i++) {
    const block = blocks[i] as Block
    const open = block.next - Math.max(block.first, begin)
    bytes += (block.bytes * open) / (block.next - block.first)
  }
  return Math.round(bytes)
}

/** A block may reach into the next file, so it goes when everything before its end is in the store. */
export function dropBlocks(entry: LaneEntry): void {
  let kept = entry.begin
  for (const { file } of entry.sealed) {
    if (file.stored) continue
    kept = file.begin
    break
  }
  const { blocks } = entry
  let gone = 0
  for (; gone < blocks.length; gone++) {
    const block = blocks[gone] as Block
    if (block.next > kept) break
    block.segment.liveBytes -= block.length
  }
  if (gone > 0) entry.blocks = blocks.slice(gone)
}

export function dropFiles({ committed }: LaneEntry, beforeMs: number): void {
  let gone = 0
  while ((committed[gone]?.sealedAtMs ?? beforeMs) < beforeMs) gone++
  if (gone > 0) committed.splice(0, gone)
}

/** Files are mostly committed in the order of their positions. */
export function insertFile(files: CommittedFile[], file: CommittedFile): void {
  let at = files.length
  while (at > 0 && (files[at - 1] as CommittedFile).begin > file.begin) at--
  files.splice(at, 0, file)
}
