import type { LaneState, SinkStatus } from '../contracts/index.ts'
import type { PublishQueue } from './publish/publish-queue.ts'

export const NOTHING_HELD: SinkStatus = { openFiles: 0, sealedFiles: 0, pendingBytes: 0, lagMs: 0 }

/** What a sink holds at the moment `nowMs`. */
export function statusOf(
  open: readonly LaneState[],
  queued: PublishQueue['state'],
  pendingBytes: number,
  nowMs: number,
): SinkStatus {
  let sinceMs = queued.openedAtMs ?? nowMs
  for (const { openedAtMs = nowMs } of open) sinceMs = Math.min(sinceMs, openedAtMs)
  return {
    openFiles: open.length,
    sealedFiles: queued.files,
    pendingBytes,
    lagMs: Math.max(0, nowMs - sinceMs),
  }
}
