import type { Bytes } from '../../contracts/index.ts'
import { EMPTY } from '../../core/bytes.ts'
import { type FrameType, GROUP_BYTE, HEAD_BYTES, headOf, payloadOf } from './frames.ts'
import type { LogFile } from './log-files.ts'
import type { SegmentName } from './names.ts'

export interface Frame {
  readonly type: FrameType
  readonly offset: number
  readonly byteLength: number
  readonly payload: Bytes
}

/** How much of a segment is in memory at a time, unless one frame is longer. */
const WINDOW_BYTES = 1024 * 1024

/** The segment's frames up to the first place where no whole one lies, which it returns. */
export async function* scanFrames(
  file: LogFile,
  segment: SegmentName,
): AsyncGenerator<Frame, number, undefined> {
  const { sizeBytes } = file
  let window = EMPTY
  let start = 0
  for (let offset = 0; ; ) {
    const left = sizeBytes - offset
    const held = start + window.byteLength - offset
    const head = headOf(window, offset - start)
    const needed = head ? HEAD_BYTES + head.length : HEAD_BYTES
    if (needed > left) return offset
    if (needed > held) {
      window = new Uint8Array(Math.min(left, Math.max(needed, WINDOW_BYTES)))
      await file.read(offset, window)
      start = offset
      continue
    }
    if (!head) return offset
    const bytes = window.subarray(offset - start, offset - start + needed)
    const payload = payloadOf(segment, offset, bytes)
    if (!payload) return offset
    yield { type: head.type, offset, byteLength: needed, payload }
    offset += needed
  }
}

/**
 * Whether bytes before `end` or at it had been made durable, though no whole frame lies there: a later `group` says so. Otherwise
 * what lies from `end` on was under way when the process or its machine stopped, and no answer was given for it.
 */
export async function isDamaged(
  file: LogFile,
  segment: SegmentName,
  end: number,
): Promise<boolean> {
  const { sizeBytes } = file
  for (let start = end + 1; start + HEAD_BYTES <= sizeBytes; ) {
    const window = new Uint8Array(Math.min(WINDOW_BYTES, sizeBytes - start))
    await file.read(start, window)
    const last = window.byteLength - HEAD_BYTES
    for (let at = 0; at <= last; at++) {
      // The type's byte, read without more ado: this looks at each byte of what may be a whole segment.
      if (window[at + HEAD_BYTES - 1] !== GROUP_BYTE) continue
      const head = headOf(window, at)
      if (head?.type !== 'group' || head.length !== 0) continue
      if (payloadOf(segment, start + at, window.subarray(at, at + HEAD_BYTES))) return true
    }
    start += last + 1
  }
  return false
}
