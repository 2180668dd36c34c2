import type { Bytes } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { iterate } from '../core/reading.ts'

/**
 * The text of a request's body as UTF-8, unpacked, piece by piece.
 *
 * Throws `too-large` as soon as it is known, counting what comes out, so that a small body that unpacks into a huge one is
 * never held; `not-supported` (415) for another encoding than gzip; `invalid-record` (400) for a body that is not
 * what its encoding says, is not UTF-8, or breaks off.
 */
export async function* readBody(
  request: Request,
  maxBytes: number,
): AsyncGenerator<Bytes, void, undefined> {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() || 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new SluiceError(
      'not-supported',
      'The body may be sent with "Content-Encoding: gzip", or with none',
      { status: 415 },
    )
  }
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  if (!request.body) return
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  for await (const chunk of decoded(request.body as ReadableStream<Bytes>, encoding)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    checkUtf8(() => decoder.decode(chunk, { stream: true }))
    yield chunk
  }
  checkUtf8(() => decoder.decode())
}

async function* decoded(
  body: ReadableStream<Bytes>,
  encoding: string,
): AsyncGenerator<Bytes, void, undefined> {
  try {
    yield* iterate(
      encoding === 'gzip' ? body.pipeThrough<Bytes>(new DecompressionStream('gzip')) : body,
    )
  } catch (cause) {
    throw new SluiceError(
      'invalid-record',
      encoding === 'gzip' ? 'The body is not gzip, or breaks off' : 'The body broke off',
      { cause },
    )
  }
}

function checkUtf8(decode: () => string): void {
  try {
    decode()
  } catch (cause) {
    throw new SluiceError('invalid-record', 'The body is not UTF-8', { cause })
  }
}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError(
    'too-large',
    `A request may have ${maxBytes} bytes, unpacked; nothing of it was kept: send it in pieces`,
  )
}
