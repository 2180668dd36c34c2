import type { Source } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkSource } from '../../core/reading.ts'
import { MAX_COUNT } from './codecs/codec.ts'

/** A list or a map whose contents come one by one. Made by `listOf` and `mapOf`. */
export class Streamed {
  readonly kind: 'list' | 'map'
  readonly source: Source<unknown>
  /** `undefined` where it is counted as it comes. */
  readonly count: number | undefined

  constructor(kind: 'list' | 'map', source: Source<unknown>, count: number | undefined) {
    checkSource(source)
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0 && count <= MAX_COUNT)) {
      throw new SluiceError('invalid-options', `A ${kind} cannot have ${count} items`)
    }
    this.kind = kind
    this.source = source
    this.count = count
  }
}

/**
 * A list of what comes from an iterable, an async iterable or a stream, written as it comes.
 *
 * The encodings say how many there are before the first one. Where `count` says it, as many must come. Else they are counted as they
 * come: those of the outermost value by the way, since its count lies in the part that is sent last; those within it are held,
 * encoded, until the last one, as far as `maxTocBytes` allows. A bare iterable is a list without a count.
 * `invalid-options` for what is no source, as text is none.
 */
export function listOf(source: Source<unknown>, count?: number): Streamed {
  return new Streamed('list', source, count)
}

/** A map of pairs, as `listOf` says. That no key comes twice is the caller's to see to: it is not looked for. */
export function mapOf(
  source: Source<readonly [key: unknown, value: unknown]>,
  count?: number,
): Streamed {
  return new Streamed('map', source, count)
}
