import type { LaneRange, ObjectInfo, SealedFile } from '../contracts/index.ts'
import { laneId } from '../core/lane.ts'

/** Under these names an object says which file it is. */
const NAMES = {
  file: 'sluice-file',
  lane: 'sluice-lane',
  begin: 'sluice-begin',
  end: 'sluice-end',
} as const

/** Without an `end` for a file that is begun before it is known. */
export function fileMetadata(
  file: Pick<SealedFile, 'id' | 'lane' | 'begin'> & { readonly end?: number },
): Record<string, string> {
  const { id, lane, begin, end } = file
  return {
    [NAMES.file]: id,
    [NAMES.lane]: laneId(lane),
    [NAMES.begin]: String(begin),
    ...(end !== undefined && { [NAMES.end]: String(end) }),
  }
}

/** Whether the object says that it is this file, by the id that no other has. */
export function isFile({ metadata }: ObjectInfo, { id }: SealedFile): boolean {
  return metadata?.[NAMES.file] === id
}

/** Whether both objects say that they are one file. */
export function isSameFile(one: ObjectInfo, other: ObjectInfo): boolean {
  const id = one.metadata?.[NAMES.file]
  return id !== undefined && other.metadata?.[NAMES.file] === id
}

/** Records of a lane from `begin` on. */
export interface LaneBegin extends Omit<LaneRange, 'end'> {
  /** `undefined` for a file that was begun before its end was known. */
  readonly end: number | undefined
}

/** What an object says that it holds; `undefined` where it says nothing that a sink would. */
export function rangeInMetadata({ metadata = {} }: ObjectInfo): LaneBegin | undefined {
  const { [NAMES.lane]: word, [NAMES.begin]: first, [NAMES.end]: last } = metadata
  const [stream, partition, shard, schema, ...more] = word?.split(' ') ?? []
  const [begin, end] = [positionOf(first), positionOf(last)]
  if (!stream || partition === undefined || !shard || !schema || more.length > 0) return undefined
  if (begin === undefined || (last !== undefined && !(end && begin < end))) return undefined
  return { lane: { stream, partition, shard, schema }, begin, end }
}

/** A position in digits, with zeros before it or not. */
export function positionOf(digits: string | undefined): number | undefined {
  const number = /^\d+$/.test(digits ?? '') ? Number(digits) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}
