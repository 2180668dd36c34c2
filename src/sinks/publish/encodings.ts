import type { Format, LaneState, PendingFile, Schema } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { deadLetterFormat } from '../dead-letters/dead-letter.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import type { Publication } from './publication.ts'

/** How one file is written. */
export type WrittenAs = Pick<Publication, 'format' | 'schema' | 'guide'>

/** How the files of a sink are written: each as its records were acknowledged for, whatever the options are by now. */
export class Encodings<R> {
  readonly #formats: ReadonlyMap<string, Format<R>>
  readonly #guide: Schema | undefined

  constructor(format: Format<R>, earlier: readonly Format<R>[], guide?: Schema) {
    this.#guide = guide
    this.#formats = new Map([...earlier, format].map((one) => [one.extension, one]))
  }

  /** Throws `invalid-options` where what waits in the log needs a format that this sink was not given. */
  check({ lane, encoding }: LaneState | PendingFile): void {
    if (isDeadLetter(lane) || this.#formats.has(encoding.format)) return
    throw new SluiceError(
      'invalid-options',
      `The log of "${lane.stream}" holds records that were acknowledged for .${encoding.format} files, and this sink ` +
        `writes .${[...this.#formats.keys()].join(', .')}; give it that format too, in earlierFormats`,
    )
  }

  of({ lane, encoding }: Pick<PendingFile, 'lane' | 'encoding'>): WrittenAs {
    const { schema } = encoding
    if (isDeadLetter(lane))
      return { format: deadLetterFormat as Format<never>, schema, guide: undefined }
    const format = this.#formats.get(encoding.format) as Format<never>
    return { format, schema, guide: this.#guide }
  }
}
