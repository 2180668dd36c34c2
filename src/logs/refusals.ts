import type { BegunFile, Lane, LaneRange, SealedFile } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'

/** What of a lane no file has yet. */
export interface OpenRange {
  readonly begin: number
  readonly end: number
}

/**
 * The file's lane. Throws `invalid-options` where there is none, or where the file does not begin at its first open record
 * and end, at a whole one, among the others.
 */
export function laneToCut<L extends OpenRange>(
  { key, begin, end }: SealedFile,
  lane: L | undefined,
): L {
  const whole = Number.isSafeInteger(end) && end > begin
  if (lane && whole && begin === lane.begin && end <= lane.end) return lane
  throw new SluiceError(
    'invalid-options',
    `The file ${key} cannot hold records ${begin} to ${end} of its lane: ${lane?.begin ?? 0} to ${lane?.end ?? 0} are open`,
    { key },
  )
}

/**
 * Throws `not-found` for a range that the lane does not reach, of a receipt that nobody gave out, and for one that begins before the
 * first position of which the log still knows where it lies: it would wait for a file that has long been visible.
 */
export function checkReach({ begin, end }: LaneRange, laneEnd = 0, firstKnown = 0): void {
  if (end > laneEnd) throw new SluiceError('not-found', 'There are no such records in this log')
  if (begin >= firstKnown) return
  throw new SluiceError('not-found', 'The log has forgotten in which file these records are')
}

/** What an append hears whose rows cannot be in one file with those that are open. */
export function otherEncoding({ partition, schema }: Lane): SluiceError {
  return new SluiceError(
    'invalid-options',
    `The lane of partition "${partition.slice(0, 200)}" and schema ${schema} has open records of another encoding; cut it first`,
  )
}

/** What a call hears that is about a file which is not sealed, or is committed and so no longer under way. */
export function neverSealed(id: string): SluiceError {
  return new SluiceError('not-found', `The log has no sealed file ${id} that is not committed`)
}

/** What a cut hears that would leave out what a begun file has taken, or give it to another one. */
export function otherFile({ key, end }: SealedFile, begun: BegunFile): SluiceError {
  const message = `The file ${key} cannot end at ${end}: "${begun.key}" was begun, and has taken more records`
  return new SluiceError('invalid-options', message, { key })
}

/** Open rows that are not there, or no longer. */
export function noOpenRows({ partition }: Lane): SluiceError {
  const message = `The log does not hold such open records of partition "${partition.slice(0, 200)}"`
  return new SluiceError('not-found', message)
}
