import type { MultipartLimits, StoreCapabilities } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'

/** How an object is cut into parts. Numbers begin at 1. */
export interface PartPlan {
  /** Of the first part, and of all of them where they are equal. */
  readonly partBytes: number
  /** Every part but the last has this size, and the last no more. */
  sizeOf(partNumber: number): number
}

export interface PartPlanOptions {
  readonly partBytes?: number | undefined
  /** Of the whole object, where it is known. */
  readonly sizeBytes?: number | undefined
}

const MIB = 1024 ** 2
const DEFAULT_PART_BYTES = 8 * MIB

/** So many parts have one size before the next ones are larger. */
const STEP_PARTS = 100
/** The parts of step `k` are `k² / CURVE` times the first one's size larger than it. */
const CURVE = 50

/**
 * Chooses the sizes of parts. The capability decides how:
 *
 * - **uniform** where parts must be equal, and wherever the size is known: `partBytes`, or as much more as the size needs when
 *   `partBytes` was left open. 10,000 parts of 8 MiB are 78 GiB.
 * - **growing** for an unknown size where parts may differ: each 100 parts are larger than those before, by the square of
 *   their step. From 8 MiB: 18 MiB after 10 GiB, 0.1 GiB after 100 GiB, 0.5 GiB after 1 TiB, and 1.5 GiB at the end, where
 *   10,000 parts have come to 5.08 TiB. A square, because doubling would end at 4 GiB for as much, and a straight line
 *   would cost objects of some GiB twice the memory.
 *
 * No part is larger than `maxPartBytes`. Throws `too-large` when the known size cannot fit, and `invalid-options` for a size
 * of parts that is none.
 */
export function partPlan(
  key: string,
  { multipart, maxPutBytes }: Pick<StoreCapabilities, 'multipart' | 'maxPutBytes'>,
  { partBytes: wanted, sizeBytes }: PartPlanOptions,
): PartPlan {
  checkBytes(key, 'partBytes', wanted, 1)
  checkBytes(key, 'sizeBytes', sizeBytes, 0)
  const limits = multipart || inOnePiece(maxPutBytes)
  const { maxParts } = limits
  const within = (bytes: number): number =>
    Math.min(Math.max(Math.ceil(bytes), limits.minPartBytes), limits.maxPartBytes)
  let partBytes = within(wanted ?? DEFAULT_PART_BYTES)
  if (wanted === undefined && sizeBytes !== undefined && sizeBytes > partBytes * maxParts) {
    partBytes = within(Math.ceil(sizeBytes / maxParts / MIB) * MIB)
  }
  const fits = sizeBytes !== undefined && sizeBytes <= partBytes * maxParts
  const growing = !limits.equalParts && !fits
  const sizeOf = (partNumber: number): number =>
    growing
      ? within(partBytes * (1 + Math.floor((partNumber - 1) / STEP_PARTS) ** 2 / CURVE))
      : partBytes
  if (!multipart && (sizeBytes ?? 0) > maxPutBytes) {
    throw tooLarge(key, multipart, maxPutBytes, partBytes)
  }
  if (sizeBytes !== undefined && !fits) {
    let mostBytes = 0
    if (growing) for (let number = 1; number <= maxParts; number++) mostBytes += sizeOf(number)
    if (mostBytes < sizeBytes) throw tooLarge(key, multipart, maxPutBytes, partBytes)
  }
  return { partBytes, sizeOf }
}

/** Pieces that are gathered for one `put`. */
function inOnePiece(maxPutBytes: number): MultipartLimits {
  return {
    minPartBytes: 1,
    maxPartBytes: maxPutBytes,
    maxParts: Number.POSITIVE_INFINITY,
    equalParts: true,
  }
}

function checkBytes(key: string, name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw new SluiceError('invalid-options', `${name} (${value}) is no number of bytes`, { key })
}

/** The refusal of an object that has, or gets, more bytes than the store takes so. */
export function tooLarge(
  key: string,
  multipart: StoreCapabilities['multipart'],
  maxPutBytes: number,
  partBytes: number,
): SluiceError {
  const why = multipart
    ? `needs more than ${multipart.maxParts} parts of ${partBytes} bytes; set larger partBytes${multipart.equalParts ? ', or a provider whose parts may grow (equalParts: false)' : ''}`
    : `passes the ${maxPutBytes} bytes that this store takes in one piece`
  return new SluiceError('too-large', `"${key}" ${why}`, { key })
}
