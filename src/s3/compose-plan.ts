import type { Bytes, MultipartLimits, ObjectInfo } from '../contracts/index.ts'
import { COPY_PART_BYTES } from './server-parts.ts'

/** Bytes that are to become a part of an object: some of an object, or some that are here. Never none. */
export type Piece = (
  | { readonly source: ObjectInfo; readonly body?: undefined }
  | { readonly source?: undefined; readonly body: Bytes | Blob }
) & { readonly start: number; readonly end: number }

/** One request's worth of bytes that are sent. */
const SENT_PART_BYTES = 64 * 1024 ** 2

/** The pieces of each part, in their order. Those of more than one piece have to pass through here, so there are few of them. */
export function composePlan(pieces: readonly Piece[], limits: MultipartLimits): Piece[][] {
  const rest = [...pieces]
  const equalBytes = limits.equalParts ? equalPartBytes(pieces, limits) : undefined
  const parts: Piece[][] = []
  while (rest.length > 0) parts.push(take(rest, equalBytes ?? nextPartBytes(rest, limits)))
  return parts
}

/** The size of the source where all have one and the last is no larger, so that nothing is read; else as small as it may be. */
function equalPartBytes(pieces: readonly Piece[], limits: MultipartLimits): number {
  const sizes = pieces.map(sizeOf)
  const [first = 0] = sizes
  const last = sizes.at(-1) ?? 0
  if (sizes.length === 1) return Math.min(first, COPY_PART_BYTES)
  const even = sizes.slice(0, -1).every((size) => size === first) && last <= first
  if (even && first >= limits.minPartBytes && first <= COPY_PART_BYTES) return first
  return Math.max(limits.minPartBytes, Math.ceil(sum(sizes) / limits.maxParts))
}

/**
 * As much of the next piece as one request takes. A piece that is too small to be a part is filled up to one from those behind it.
 */
function nextPartBytes(rest: readonly Piece[], { minPartBytes }: MultipartLimits): number {
  const [next] = rest as [Piece]
  const nextBytes = sizeOf(next)
  if (rest.length === 1 || nextBytes >= minPartBytes) {
    const most = next.body ? SENT_PART_BYTES : COPY_PART_BYTES
    return Math.ceil(nextBytes / Math.ceil(nextBytes / most))
  }
  let size = 0
  for (const piece of rest) {
    size += sizeOf(piece)
    if (size >= minPartBytes) return minPartBytes
  }
  return size
}

function take(rest: Piece[], bytes: number): Piece[] {
  const taken: Piece[] = []
  for (let missing = bytes; missing > 0 && rest.length > 0; ) {
    const piece = rest.shift() as Piece
    const end = Math.min(piece.end, piece.start + missing)
    taken.push({ ...piece, end })
    if (end < piece.end) rest.unshift({ ...piece, start: end })
    missing -= end - piece.start
  }
  return taken
}

export function sizeOf({ start, end }: Piece): number {
  return end - start
}

export function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}
