import type { Bytes } from '../../contracts/index.ts'
import { ByteBuffer } from '../../core/byte-buffer.ts'
import { utf8 } from '../../core/bytes.ts'
import { crc } from '../../core/crc.ts'
import { SluiceError } from '../../core/errors.ts'
import type { SegmentName } from './names.ts'

/**
 * What a segment is made of, in order: a `header`; then the log as it was when the segment began, in `block` frames of rows that
 * moved here and `state` frames; a `ready`; then groups, each a `group` frame and transactions, which are `block` frames
 * (rows) and the `change` that takes them in.
 *
 * A `group` frame is written after everything before it was made durable, and says so by being there.
 */
const TYPES = ['header', 'block', 'state', 'ready', 'group', 'change'] as const
export type FrameType = (typeof TYPES)[number]
/** What a `group` frame ends in. */
export const GROUP_BYTE: number = TYPES.indexOf('group') + 1

/** CRC-32C, length of the payload (both little-endian), type. */
export const HEAD_BYTES = 9
/** A longer payload is refused when written, and no frame when read. */
export const MAX_PAYLOAD_BYTES: number = 64 * 1024 * 1024

const EMPTY_PAYLOAD = new Uint8Array(0)
/** What a buffer keeps for frames to come: that of a full group, which ends above 8 MiB, and doubles as it grows. */
const KEPT_BYTES = 16 * 1024 * 1024

/** Frames that follow one another in a segment, and have not been written yet. */
export class FrameBuffer {
  readonly #segment: SegmentName
  /** Where in the segment the next frame will lie. */
  #end: number
  readonly #bytes: ByteBuffer

  /** @param bytes What the frames gather in: an empty buffer, for this one alone until `clear` was called. */
  constructor(segment: SegmentName, start: number, bytes: ByteBuffer = new ByteBuffer()) {
    this.#segment = segment
    this.#end = start
    this.#bytes = bytes
  }

  get byteLength(): number {
    return this.#bytes.byteLength
  }

  /** Makes room at once for frames with these payloads. */
  reserve(payloads: readonly Bytes[]): void {
    this.#bytes.reserve(
      payloads.reduce((sum, { byteLength }) => sum + HEAD_BYTES + byteLength, HEAD_BYTES),
    )
  }

  /** Answers where the frame will lie. */
  add(type: FrameType, payload: Bytes = EMPTY_PAYLOAD): number {
    const offset = this.#end
    const head = new Uint8Array(HEAD_BYTES)
    const view = new DataView(head.buffer)
    view.setUint32(4, payload.byteLength, true)
    view.setUint8(8, TYPES.indexOf(type) + 1)
    view.setUint32(0, checksum(this.#segment, offset, head, payload), true)
    this.#bytes.append(head)
    this.#bytes.append(payload)
    this.#end += HEAD_BYTES + payload.byteLength
    return offset
  }

  addJson(type: FrameType, value: unknown): void {
    this.add(type, jsonPayload(value))
  }

  /** What has been added and not cleared: a view of what the next frames are written over. */
  get bytes(): Bytes {
    return this.#bytes.bytes
  }

  /** All of it is in the segment. */
  clear(): void {
    this.#bytes.clear(KEPT_BYTES)
  }
}

/** `too-large` for what no frame holds. */
export function jsonPayload(value: unknown): Bytes {
  return boundedPayload(utf8(JSON.stringify(value)))
}

/** `too-large` for what no frame holds. */
export function boundedPayload(payload: Bytes): Bytes {
  if (payload.byteLength <= MAX_PAYLOAD_BYTES) return payload
  throw new SluiceError(
    'too-large',
    `A record, or what is said of a batch, takes ${payload.byteLength} bytes; this log keeps at most ${MAX_PAYLOAD_BYTES} in one piece`,
  )
}

/** Type and length of the frame that begins here, checked for sense only; `undefined` where none can begin. */
export function headOf(
  bytes: Uint8Array,
  at: number,
): { readonly type: FrameType; readonly length: number } | undefined {
  if (at + HEAD_BYTES > bytes.byteLength) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES)
  const type = TYPES[view.getUint8(8) - 1]
  const length = view.getUint32(4, true)
  return type !== undefined && length <= MAX_PAYLOAD_BYTES ? { type, length } : undefined
}

/** The payload of the frame that these bytes are, from first to last; `undefined` when they are none of this place. */
export function payloadOf(segment: SegmentName, offset: number, frame: Bytes): Bytes | undefined {
  const head = headOf(frame, 0)
  if (!head || HEAD_BYTES + head.length !== frame.byteLength) return undefined
  const payload = frame.subarray(HEAD_BYTES)
  const written = new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0, true)
  return written === checksum(segment, offset, frame.subarray(0, HEAD_BYTES), payload)
    ? payload
    : undefined
}

/**
 * Of the frame and of its place: what an older file left on the same disk, or a copy of a frame within a record, is no frame
 * of this segment.
 */
function checksum(
  { epoch, number }: SegmentName,
  offset: number,
  head: Uint8Array,
  payload: Uint8Array,
): number {
  const place = new DataView(new ArrayBuffer(24))
  place.setFloat64(0, epoch)
  place.setFloat64(8, number)
  place.setFloat64(16, offset)
  const sum = crc('crc32c')
  sum.update(new Uint8Array(place.buffer))
  sum.update(head.subarray(4))
  sum.update(payload)
  const digest = sum.digest()
  return new DataView(digest.buffer).getUint32(0)
}
