import { SluiceError } from '../../../core/errors.ts'
import type { FixedPartitionedSink, StatefulSinkPartition } from '../outputs.ts'
import { checkFileOptions, FILE_OPTIONS, type LineFileOptions, openLineFile } from './line-file.ts'

/**
 * One file, a line for each value: Bytewax's `FileSink`. Its partition is named by the path, and every key goes there.
 *
 * Guaranteed: with a recovery, each value is in the file once, whatever crashes: what was written after the snapshot is truncated. Each batch is
 * UTF-8, and on the disk when it is written. Without a state, a file that is there is emptied.
 *
 * Not guaranteed: anything while two runs write one file at once. The folder must exist.
 *
 * Errors: `invalid-options` without `fs`; `invalid-record` for a value that is no text; `precondition-failed` for a file that is shorter than its snapshot says, where Bytewax
 * would fill it up with NUL; `not-found` for a folder or a file that is gone; `unavailable` for a disk that fails or is full.
 *
 * ```ts
 * await runSink([['all', 'a line']], new FileSink('./out.txt', { fs }))
 * ```
 */
export class FileSink implements FixedPartitionedSink<string, number> {
  readonly #path: string
  readonly #options: LineFileOptions

  constructor(path: string, options: LineFileOptions) {
    if (path === '') throw new SluiceError('invalid-options', 'A file needs a path')
    checkFileOptions('FileSink', options, FILE_OPTIONS)
    this.#path = path
    this.#options = options
  }

  listParts(): readonly string[] {
    return [this.#path]
  }

  partFn(): number {
    return 0
  }

  buildPart(
    _stepId: string,
    forPart: string,
    resumeState: number | undefined,
  ): Promise<StatefulSinkPartition<string, number>> {
    const [, above = '.'] = /^(.*)[/\\][^/\\]*$/.exec(forPart) ?? []
    return openLineFile({ path: forPart, folder: above || '/' }, this.#options, resumeState)
  }
}
