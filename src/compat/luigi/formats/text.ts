import type { Bytes } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { derive } from '../../../core/reading.ts'
import { textDecoding, textEncoder } from '../encodings.ts'
import { pipedWriter } from './piped-writer.ts'
import type { TargetFormat } from './target-format.ts'

export interface TextOptions {
  /** Default `utf-8`. Any that the platform reads; `utf-8`, `latin-1` and `ascii` can be written. */
  readonly encoding?: string | undefined
}

const OPTIONS: OptionNames<TextOptions> = { encoding: true }

/**
 * Text: Luigi's `Text` and `UTF8`. Written as it is; read with each `\r\n` and `\r` as `\n`, and without a byte order mark.
 *
 * Errors, when it is used: `invalid-options` for an unknown encoding and for what is no string; `not-supported` for one that cannot be written; `invalid-record`
 * for text or bytes that are none of the encoding.
 */
export function text(options: TextOptions = {}): TargetFormat<string> {
  checkOptionNames('text', options, OPTIONS)
  const { encoding = 'utf-8' } = options
  return {
    input: 'text',
    output: 'bytes',
    pipeReader: (source) => derive(source, (chunks) => decoded(chunks, encoding)),
    pipeWriter(target) {
      const encode = textEncoder(encoding)
      /** The first half of a character that was cut in two. */
      let half = ''
      return pipedWriter(
        target,
        (piece: string) => {
          if (typeof piece !== 'string') {
            const message = `This format takes text, and got ${typeof piece}; bytes() takes bytes`
            throw new SluiceError('invalid-options', message)
          }
          const whole = half + piece
          half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? ''
          return [encode(whole.slice(0, whole.length - half.length))]
        },
        () => [encode(half)],
      )
    },
  }
}

async function* decoded(
  chunks: AsyncIterable<Bytes>,
  encoding: string,
): AsyncGenerator<string, void, undefined> {
  const decoding = textDecoding(encoding)
  /** A return whose newline may come with the next chunk. */
  let held = ''
  for await (const chunk of chunks) {
    const piece = held + decoding.next(chunk)
    held = piece.endsWith('\r') ? '\r' : ''
    yield withNewlines(piece.slice(0, piece.length - held.length))
  }
  yield withNewlines(held + decoding.end())
}

function withNewlines(piece: string): string {
  return piece.replace(/\r\n?/g, '\n')
}
