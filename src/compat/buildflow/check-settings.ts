import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { checkCorsRules } from '../../s3/buckets/cors-rule.ts'
import type { S3BucketSettings } from './s3-bucket-options.ts'

const NAME = 'S3Bucket.options'
const SETTINGS: OptionNames<S3BucketSettings> = {
  forceDestroy: true,
  cors: true,
  abortUploadsAfterDays: true,
}

/** Throws `invalid-options`, also from code without types: `apply()` would find out half way, and a text for `forceDestroy` deletes everything. */
export function checkSettings(settings: S3BucketSettings): void {
  checkOptionNames(NAME, settings, SETTINGS)
  const { forceDestroy = false, cors = [], abortUploadsAfterDays: days = 0 } = settings
  if (typeof forceDestroy !== 'boolean') throw refused('forceDestroy is true or false')
  checkCorsRules(NAME, 'cors', cors)
  if (Number.isSafeInteger(days) && days >= 0) return
  throw refused(`abortUploadsAfterDays (${days}) must be a whole number, 0 for no such rule`)
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `${NAME}: ${why}`)
}
