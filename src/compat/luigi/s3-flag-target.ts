import type { CallOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { FormatValue } from './formats/target-format.ts'
import { S3Target, type S3TargetOptions, TARGET_OPTIONS } from './s3-target.ts'

export interface S3FlagTargetOptions<Value extends FormatValue = string>
  extends S3TargetOptions<Value> {
  /** The name of the file that says that the folder is complete. Default `_SUCCESS`. */
  readonly flag?: string | undefined
}

const OPTIONS: OptionNames<S3FlagTargetOptions> = { ...TARGET_OPTIONS, flag: true }

/**
 * A folder that many have written to, and that exists once a file in it says so, as Hadoop and Spark do it.
 *
 * Errors of the constructor: `invalid-options` for a path that does not end in a slash, and those of `S3Target`.
 */
export class S3FlagTarget<Value extends FormatValue = string> extends S3Target<Value> {
  readonly flag: string

  constructor(path: string, options: S3FlagTargetOptions<Value>) {
    checkOptionNames('S3FlagTarget', options, OPTIONS)
    const { flag = '_SUCCESS', ...target } = options
    if (!path.endsWith('/')) {
      const message = `${JSON.stringify(path)} is no folder: its path must end in a slash`
      throw new SluiceError('invalid-options', message)
    }
    super(path, target)
    this.flag = flag
  }

  override exists(options: CallOptions = {}): Promise<boolean> {
    return this.fs.exists(this.path + this.flag, options)
  }
}
