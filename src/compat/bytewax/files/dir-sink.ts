import { SluiceError } from '../../../core/errors.ts'
import type { OptionNames } from '../../../core/option-names.ts'
import { adler32 } from '../adler32.ts'
import type { FixedPartitionedSink, StatefulSinkPartition } from '../outputs.ts'
import { checkFileOptions, FILE_OPTIONS, type LineFileOptions, openLineFile } from './line-file.ts'

export interface DirSinkOptions extends LineFileOptions {
  /** The name of a file, by its index and the number of files. Default `part_{index}`. */
  readonly fileNamer?: ((index: number, fileCount: number) => string) | undefined
  /** Which file a key goes to, as `partFn` of a sink. Default `adler32`. */
  readonly assignFile?: ((key: string) => number) | undefined
}

const OPTIONS: OptionNames<DirSinkOptions> = { ...FILE_OPTIONS, fileNamer: true, assignFile: true }

/**
 * A folder with a fixed number of files, a line for each value: Bytewax's `DirSink`. Each file is a partition, named by its name, and is
 * what `FileSink` says of one. All files are there from the beginning, those that get no value too.
 *
 * A key's file is at the index `assignFile(key)`, wrapped around, of the names in the order of their bytes: behind `part_1` comes `part_10`.
 *
 * Errors: those of `FileSink`; `invalid-options` for names that are no file names, or not each its own.
 */
export class DirSink implements FixedPartitionedSink<string, number> {
  readonly #dirPath: string
  readonly #names: readonly string[]
  readonly #options: DirSinkOptions

  constructor(dirPath: string, fileCount: number, options: DirSinkOptions) {
    if (dirPath === '') throw new SluiceError('invalid-options', 'A folder needs a path')
    checkFileOptions('DirSink', options, OPTIONS)
    this.#dirPath = dirPath
    this.#names = partNames(fileCount, options.fileNamer, isFileName)
    this.#options = options
  }

  listParts(): readonly string[] {
    return this.#names
  }

  partFn(itemKey: string): number {
    return (this.#options.assignFile ?? adler32)(itemKey)
  }

  buildPart(
    _stepId: string,
    forPart: string,
    resumeState: number | undefined,
  ): Promise<StatefulSinkPartition<string, number>> {
    const path = `${this.#dirPath}/${forPart}`
    return openLineFile({ path, folder: this.#dirPath }, this.#options, resumeState)
  }
}

/** The names of so many partitions. */
export function partNames(
  count: number,
  namer: (index: number, count: number) => string = (index) => `part_${index}`,
  isName: (name: string) => boolean,
): readonly string[] {
  if (!(Number.isSafeInteger(count) && count >= 1)) {
    throw new SluiceError('invalid-options', `${count} is no number of partitions`)
  }
  const names = Array.from({ length: count }, (_, index) => namer(index, count))
  const bad = names.find((name) => !isName(name))
  if (bad !== undefined) {
    throw new SluiceError('invalid-options', `${JSON.stringify(bad)} can name no partition`)
  }
  if (new Set(names).size === count) return names
  throw new SluiceError('invalid-options', 'Two partitions would have one name')
}

function isFileName(name: string): boolean {
  return typeof name === 'string' && !/^$|^\.\.?$|[/\\\0]/.test(name)
}
