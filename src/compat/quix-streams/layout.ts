import { SluiceError } from '../../core/errors.ts'
import { checkKey, escapeSegment } from '../../core/keys.ts'
import type { TopicPartition } from './sink-record.ts'

/** `quix` is the tree that Quix Streams documents; `plain` is the same with the topic as it is called. */
export type FileLayout = 'plain' | 'quix'

/** As many as the largest offset, 2^63 - 1, has: so names sort as offsets do. */
const DIGITS = 19

/** What Quix keeps of a topic's name; each other character becomes `_`. */
const REPLACED = /[^a-zA-Z0-9 ._/]/g

/** Where the files of each partition lie. */
export class Folders {
  /** Ends in a slash, or is empty. */
  readonly directory: string
  readonly #layout: FileLayout
  readonly #topics = new Map<string, string>()

  /** Errors: `invalid-options`, `invalid-key`. */
  constructor(directory: string, layout: FileLayout) {
    if (layout !== 'plain' && layout !== 'quix') {
      const message = `layout must be "plain" or "quix", not ${JSON.stringify(layout)}`
      throw new SluiceError('invalid-options', message)
    }
    // As Python's `pathlib` has it; a leading slash would be a folder without a name in a bucket.
    const segments = directory.split('/').filter((segment) => segment !== '' && segment !== '.')
    this.directory = segments.map((segment) => `${segment}/`).join('')
    if (this.directory !== '') checkKey(this.directory)
    this.#layout = layout
  }

  /** Ends in a slash. `invalid-options` for a topic that would share its folder with another one of this sink. */
  of({ topic, partition }: TopicPartition): string {
    return `${this.directory}${this.#segmentOf(topic)}/${partition}/`
  }

  #segmentOf(topic: string): string {
    if (this.#layout === 'plain') return escapeSegment(topic)
    const segment = topic.replaceAll(REPLACED, '_')
    const other = this.#topics.get(segment) ?? topic
    if (other === topic) {
      this.#topics.set(segment, topic)
      return segment
    }
    const message = `The topics "${other}" and "${topic}" would both be written to "${segment}": use the layout "plain", or a sink with a directory of its own`
    throw new SluiceError('invalid-options', message)
  }
}

/** The name of a file, but for its extension. */
export function digits(offset: bigint): string {
  return String(offset).padStart(DIGITS, '0')
}
