import type { Bytes } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { FormatValue, TargetFormat } from './target-format.ts'

/**
 * One format behind another, as `>>` puts them in Luigi: `chainFormats(text(), gzip())` is text that is stored compressed. A chain is a format, so
 * it can be chained again.
 *
 * Errors: `invalid-options` where the second does not take what the first gives.
 */
export function chainFormats<
  Value extends FormatValue,
  Between extends FormatValue,
  Stored extends FormatValue = Bytes,
>(
  first: TargetFormat<Value, Between>,
  second: TargetFormat<Between, Stored>,
): TargetFormat<Value, Stored> {
  if (first.output !== second.input) {
    const message = `A format that gives ${first.output} cannot stand before one that takes ${second.input}`
    throw new SluiceError('invalid-options', message)
  }
  return {
    input: first.input,
    output: second.output,
    pipeReader: (source) => first.pipeReader(second.pipeReader(source)),
    pipeWriter: (target) => first.pipeWriter(second.pipeWriter(target)),
  }
}
