import { SluiceError } from '../../../core/errors.ts'

/** Throws `invalid-options` unless it is a whole number of the range. */
export function checkedLevel(level: number, least: number, most: number): void {
  if (Number.isInteger(level) && level >= least && level <= most) return
  throw new SluiceError(
    'invalid-options',
    `level must be a whole number from ${least} to ${most}, not ${level}`,
  )
}
