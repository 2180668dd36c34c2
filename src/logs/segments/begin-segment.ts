import { FrameBuffer, HEAD_BYTES } from './frames.ts'
import type { Ledger } from './ledger.ts'
import type { LogFiles } from './log-files.ts'
import type { SegmentName } from './names.ts'
import { RunReader, runOf } from './runs.ts'
import { type Block, Segment } from './segment.ts'
import { snapshotOf } from './snapshot.ts'

/** Of a segment's frames. Raised when an older release could not read what a newer one writes. */
export const VERSION = 1

const WRITE_BYTES = 1024 * 1024

/**
 * A new segment that holds all that the ledger knows, and the rows of the blocks that `moves` names. When this resolves, it is durable, and
 * the moved blocks lie there.
 */
export async function beginSegment(
  files: LogFiles,
  name: SegmentName,
  ledger: Ledger,
  moves: (block: Block) => boolean,
): Promise<Segment> {
  const segment = new Segment(files, name)
  try {
    const moved = await writeSnapshot(segment, ledger, moves)
    await segment.sync()
    await files.sync()
    for (const [block, offset] of moved) {
      block.segment.liveBytes -= block.length
      segment.liveBytes += block.length
      Object.assign(block, { segment, offset })
    }
    return segment
  } catch (error) {
    await segment.close().catch(() => {})
    throw error
  }
}

/** Answers where each moved block lies. */
async function writeSnapshot(
  segment: Segment,
  ledger: Ledger,
  moves: (block: Block) => boolean,
): Promise<ReadonlyMap<Block, number>> {
  const frames = new FrameBuffer(segment.name, 0)
  const flush = async (): Promise<void> => {
    await segment.append(frames.bytes)
    frames.clear()
  }
  frames.addJson('header', { version: VERSION })
  const moved = new Map<Block, number>()
  const reader = new RunReader()
  for (const { blocks } of ledger.lanes) {
    const chosen = blocks.filter(moves)
    for (let i = 0; i < chosen.length; ) {
      const run = runOf(chosen, i)
      i += run.length
      // What cannot be read stays where it is, and is refused by name when it is asked for: it must not stop what is new.
      const texts = await reader.read(run).catch(() => [])
      for (const [j, text] of texts.entries()) moved.set(run[j] as Block, frames.add('block', text))
      if (frames.byteLength >= WRITE_BYTES) await flush()
    }
  }
  const placeOf = (block: Block): Pick<Block, 'segment' | 'offset'> => {
    const offset = moved.get(block)
    return offset === undefined ? block : { segment, offset }
  }
  for (const payload of snapshotOf(ledger, placeOf)) {
    frames.add('state', payload)
    if (frames.byteLength >= WRITE_BYTES) await flush()
  }
  frames.add('ready')
  await flush()
  return moved
}

/** The size of a segment that an empty log begins with: nothing in a file no larger than that was ever acknowledged. */
export function emptySegmentBytes(): number {
  return HEAD_BYTES + JSON.stringify({ version: VERSION }).length + HEAD_BYTES
}
