import type { Bytes } from '../../contracts/index.ts'
import { EMPTY } from '../../core/bytes.ts'
import { isBlockBytes } from '../../core/rows/block-bytes.ts'
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

/** Reads runs, one after the other, into the same memory: new memory for each would be garbage, of the size of all that is read. */
export class RunReader {
  #memory: Bytes = EMPTY

  /**
   * The text of each block's rows, until the next run is read. `checksum-mismatch` where it does not read as it was written.
   */
  async read(run: readonly Block[]): Promise<readonly Bytes[]> {
    const [first, last] = [run[0] as Block, run.at(-1) as Block]
    // Places as they are now: a block may move while this waits.
    const places = run.map((block) => ({ ...block }))
    const { offset: start } = first
    const bytes = this.#take(last.offset + last.length - start)
    await first.segment.read(start, bytes)
    return places.map((place) => aligned(rowsText(bytes, start, place)))
  }

  #take(byteLength: number): Bytes {
    if (byteLength > RUN_BYTES) return new Uint8Array(byteLength)
    if (byteLength > this.#memory.byteLength) {
      this.#memory = new Uint8Array(2 ** Math.ceil(Math.log2(byteLength)))
    }
    return this.#memory.subarray(0, byteLength)
  }
}

/** A block over bytes that begin anywhere would be a copy. */
const ALIGNMENT = 8

/** A block's bytes moved to where a block can lie over them, over the end of their frame's head: that was read, and is as long at least. */
function aligned(payload: Bytes): Bytes {
  const { buffer, byteOffset, byteLength } = payload
  const by = byteOffset % ALIGNMENT
  if (by === 0 || !isBlockBytes(payload)) return payload
  return new Uint8Array(buffer, byteOffset - by, byteLength + by)
    .copyWithin(0, by)
    .subarray(0, byteLength)
}
