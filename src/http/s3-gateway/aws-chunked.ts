import { sha256 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../../contracts/index.ts'
import { concatBytes, EMPTY, fromUtf8, toHex, utf8 } from '../../core/bytes.ts'
import { type ByteCursor, byteCursor } from './byte-cursor.ts'
import { Refusal } from './refusal.ts'
import type { SignatureChain } from './signature.ts'

/** A size of 16 hex digits, and what the signature of a chunk adds to it. */
const MAX_SIZE_BYTES = 16
const MAX_SIGNATURE_BYTES = ';chunk-signature='.length + 64
const UNSIGNED_HEADER = /^([0-9a-f]{1,16})$/i
const SIGNED_HEADER = /^([0-9a-f]{1,16});chunk-signature=([0-9a-f]{64})$/i
/** Of every signed chunk but the last one with bytes: else a signature could be asked for with every byte. */
const MIN_SIGNED_CHUNK_BYTES = 8192
const MAX_TRAILER_BYTES = 1024
const TRAILER_SIGNATURE = 'x-amz-trailer-signature'
const HASH_OF_NOTHING: string = toHex(sha256(EMPTY))

/**
 * Takes the frame of `aws-chunked` off a body: `<hex size>\r\n<bytes>\r\n` again and again, a chunk of size 0, and trailer
 * lines up to an empty one. Gives the trailers. With a chain every chunk is signed, and so are the trailers, if there
 * are to be any; a chunk's bytes are given before its signature has been seen, so that nothing made of them may be visible before
 * the end.
 *
 * Throws `IncompleteBody` for a body that breaks off within a chunk, `InvalidRequest` and `MalformedTrailerError` for
 * one that is not framed so, `InvalidChunkSizeError` for small signed chunks, `SignatureDoesNotMatch`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Bytes>,
  chain?: SignatureChain,
  trailer = true,
): AsyncGenerator<Bytes, ReadonlyMap<string, string>, undefined> {
  const cursor = byteCursor(source)
  for (let before = MIN_SIGNED_CHUNK_BYTES, size = -1; size !== 0; before = size) {
    const line = await cursor.line(MAX_SIZE_BYTES + (chain ? MAX_SIGNATURE_BYTES : 0))
    const [, digits, signature = ''] =
      (chain ? SIGNED_HEADER : UNSIGNED_HEADER).exec(line ?? '') ?? []
    if (digits === undefined) throw malformed('header')
    size = Number.parseInt(digits, 16)
    if (chain && size > 0 && before < MIN_SIGNED_CHUNK_BYTES) throw smallChunk()
    const digest = chain && sha256.create()
    for (let left = size; left > 0; ) {
      const piece = await cursor.some(left)
      if (!piece) throw new Refusal('IncompleteBody', 'The body broke off within a chunk')
      left -= piece.byteLength
      digest?.update(piece)
      yield piece
    }
    if (size > 0 && (await cursor.line(0)) !== '') throw malformed('end')
    if (digest) {
      const hashes = [HASH_OF_NOTHING, toHex(digest.digest())]
      await chain?.('AWS4-HMAC-SHA256-PAYLOAD', hashes, signature.toLowerCase())
    }
  }
  const signed = chain && trailer
  const trailers = await readTrailers(cursor, Boolean(signed))
  if (signed) await checkTrailers(trailers, chain)
  return trailers
}

async function readTrailers(cursor: ByteCursor, signed: boolean): Promise<Map<string, string>> {
  const pieces: Bytes[] = []
  for (let left = MAX_TRAILER_BYTES; ; ) {
    const piece = await cursor.some(left + 1)
    if (!piece) break
    left -= piece.byteLength
    if (left < 0) throw malformedTrailer()
    pieces.push(piece)
  }
  let text = fromUtf8(concatBytes(pieces))
  // The newline that is signed with a trailer is also sent by minio-go, before the one of the frame.
  if (signed) text = text.replace(`\n\r\n${TRAILER_SIGNATURE}:`, `\r\n${TRAILER_SIGNATURE}:`)
  const lines = text.split('\r\n')
  // What is behind the last line's end, and the empty line.
  if (lines.pop() !== '' || lines.pop() !== '') throw malformedTrailer()
  const trailers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value = ''] = /^([A-Za-z0-9-]+):[ \t]*([!-~]*)[ \t]*$/.exec(line) ?? []
    if (name === undefined || trailers.has(name.toLowerCase())) throw malformedTrailer()
    trailers.set(name.toLowerCase(), value)
  }
  return trailers
}

/** Takes the signature off the trailers that it signs. */
async function checkTrailers(trailers: Map<string, string>, chain: SignatureChain): Promise<void> {
  const signature = trailers.get(TRAILER_SIGNATURE)
  if (signature === undefined || !trailers.delete(TRAILER_SIGNATURE)) throw malformedTrailer()
  const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`)
  await chain('AWS4-HMAC-SHA256-TRAILER', [toHex(sha256(utf8(lines.join(''))))], signature)
}

function smallChunk(): Refusal {
  return new Refusal(
    'InvalidChunkSizeError',
    `Only the last chunk is allowed to have a size less than ${MIN_SIGNED_CHUNK_BYTES} bytes`,
  )
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
