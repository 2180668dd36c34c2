import type { Bytes } from '../../contracts/index.ts'
import { byteCursor } from './byte-cursor.ts'
import { Refusal } from './refusal.ts'

/** The payload hash of a body whose chunks are unsigned and whose checksum comes behind them. */
export const STREAMING_UNSIGNED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

/** A size of 16 hex digits and nothing else: an extension would be a signature, which this kind of body has not. */
const MAX_CHUNK_HEADER_BYTES = 16
const MAX_TRAILER_BYTES = 1024

/**
 * Takes the frame of `aws-chunked` off a body: `<hex size>\r\n<bytes>\r\n` again and again, a chunk of size 0, and trailer
 * lines up to an empty one. Gives the trailers. Throws `IncompleteBody` for a body that breaks off within a
 * chunk, `InvalidRequest` and `MalformedTrailerError` for one that is not framed so.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes, ReadonlyMap<string, string>, undefined> {
  const cursor = byteCursor(source)
  for (;;) {
    const header = await cursor.line(MAX_CHUNK_HEADER_BYTES)
    if (header === undefined || !/^[0-9a-f]{1,16}$/i.test(header)) throw malformed('header')
    const size = Number.parseInt(header, 16)
    if (size === 0) break
    for (let left = size; left > 0; ) {
      const piece = await cursor.some(left)
      if (!piece) throw new Refusal('IncompleteBody', 'The body broke off within a chunk')
      left -= piece.byteLength
      yield piece
    }
    if ((await cursor.line(0)) !== '') throw malformed('end')
  }
  const trailers = new Map<string, string>()
  for (let left = MAX_TRAILER_BYTES; ; ) {
    const line = await cursor.line(left)
    if (line === '') break
    const [, name, value] = /^([A-Za-z0-9-]+):[ \t]*([!-~]*)[ \t]*$/.exec(line ?? '') ?? []
    if (line === undefined || name === undefined || trailers.has(name.toLowerCase())) {
      throw malformedTrailer()
    }
    trailers.set(name.toLowerCase(), value as string)
    left -= line.length
  }
  if (await cursor.some(1)) throw malformedTrailer()
  return trailers
}

function malformed(what: string): Refusal {
  return new Refusal(
    'InvalidRequest',
    `The ${what} of a chunk of this aws-chunked body is malformed`,
  )
}

export function malformedTrailer(): Refusal {
  return new Refusal(
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to what was announced',
  )
}
