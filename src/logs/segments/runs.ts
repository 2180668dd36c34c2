import type { Bytes } from '../../contracts/index.ts'
import { type Block, rowsText } from './segment.ts'

/** As much of a segment as is read at once, unless one block is longer. */
const RUN_BYTES = 1024 * 1024
/** What may lie between two blocks that are read at once: less than another read would cost. */
const GAP_BYTES = 16 * 1024

/** The blocks from this one on that are read at once: those of small appends lie side by side. */
export function runOf(blocks: readonly Block[], from: number): readonly Block[] {
  const first = blocks[from] as Block
  let to = from + 1
  for (let end = first.offset + first.length; to < blocks.length; to++) {
    const { segment, offset, length } = blocks[to] as Block
    const isNear = offset >= end && offset - end <= GAP_BYTES
    if (segment !== first.segment || !isNear) break
    if (offset + length - first.offset > RUN_BYTES) break
    end = offset + length
  }
  return blocks.slice(from, to)
}

/** The text of each block's rows. `checksum-mismatch` where it does not read as it was written. */
export async function readRun(run: readonly Block[]): Promise<readonly Bytes[]> {
  const [first, last] = [run[0] as Block, run.at(-1) as Block]
  // Places as they are now: a block may move while this waits.
  const places = run.map((block) => ({ ...block }))
  const bytes = await first.segment.read(first.offset, last.offset + last.length)
  const start = places[0]?.offset ?? 0
  return places.map((place) => rowsText(bytes, start, place))
}
