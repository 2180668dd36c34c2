import { SluiceError } from '../../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'

export interface LevelOptions {
  readonly level?: number | undefined
}

const OPTIONS: OptionNames<LevelOptions> = { level: true }

/** The level of a codec's options, or its usual one. Throws `invalid-options` unless it is a whole number of the range, and nothing else is given. */
export function checkedLevel(
  codec: string,
  options: LevelOptions,
  [least, most, usual]: readonly [least: number, most: number, usual: number],
): number {
  checkOptionNames(codec, options, OPTIONS)
  const { level = usual } = options
  if (Number.isInteger(level) && level >= least && level <= most) return level
  throw new SluiceError(
    'invalid-options',
    `level must be a whole number from ${least} to ${most}, not ${level}`,
  )
}
