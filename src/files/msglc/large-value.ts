import type { Bytes } from '../../contracts/index.ts'
import { spanOf } from './file-reader.ts'
import { reserved } from './range-reader.ts'
import { ValueBuilder } from './value-builder.ts'
import { type DividedPlace, type ValueWindow, windowsOf } from './value-windows.ts'

/** So much is asked for and decoded at once. */
const WINDOW_BYTES = 4 * 1024 ** 2
/** So many windows are asked for while one is decoded. */
const AHEAD = 4

/** What is larger is read in windows. */
export const LARGE_BYTES: number = 2 * WINDOW_BYTES

/**
 * A large list or map, whole, without a buffer of its size: the table of contents says where its values end, so its bytes
 * are decoded window by window, as they come. The value is what the bytes say; where the table says otherwise, it is damaged.
 */
export async function largeValue(
  at: DividedPlace,
  windowBytes: number = WINDOW_BYTES,
): Promise<unknown> {
  const { file, path, depth, node } = at
  const { end = 0 } = spanOf(node) ?? {}
  const windows = windowsOf(at, windowBytes)
  const builder = new ValueBuilder(node.kind === 'blocks', depth)
  const asked: {
    readonly window: ValueWindow
    readonly place: Bytes
    readonly bytes: Promise<Uint8Array>
  }[] = []
  // Values are copied out of a window, so the next one may lie in its place: new buffers for each would keep the collector busy.
  const free: Bytes[] = []
  for (;;) {
    while (asked.length < AHEAD) {
      const next = windows.next()
      if (next.done) break
      const sizeBytes = next.value.end - next.value.start
      const before = free.pop()
      // They end where a value does, so few are of one length.
      const place =
        before && before.byteLength >= sizeBytes ? before : reserved(sizeBytes + (windowBytes >> 3))
      const bytes = file.unkept(next.value, place.subarray(0, sizeBytes))
      // It is told when its turn comes, if it does.
      bytes.catch(() => {})
      asked.push({ window: next.value, place, bytes })
    }
    const next = asked.shift()
    if (!next) return builder.result
    const { window, place } = next
    file.decodeWith(path, await next.bytes, end - window.end, (from) =>
      builder.take(from, window.steps),
    )
    free.push(place)
  }
}
