import type { Bytes } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { iterate } from '../core/reading.ts'
import { nextTurn } from '../core/turn.ts'

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
    yield* encoding === 'gzip' ? gunzipped(body) : iterate(body)
  } catch (cause) {
    throw new SluiceError(
      'invalid-record',
      encoding === 'gzip' ? 'The body is not gzip, or breaks off' : 'The body broke off',
      { cause },
    )
  }
}

/**
 * Deflate makes at most 1,032 bytes of one. workerd's stream takes whatever it is given and unpacks all of it at once, whether
 * or not anybody reads: so it gets this much, and then nothing until what came of it has been read.
 */
const PIECE_BYTES = 4 * 1024

async function* gunzipped(body: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  const { writable, readable } = new DecompressionStream('gzip')
  const writer = writable.getWriter()
  const reader = (readable as ReadableStream<Bytes>).getReader()
  const read = () => heard(reader.read())
  let reading = read()
  /** What a full chunk of this runtime's has: a smaller one is the last of what was there. */
  let fullBytes = 0
  let ended = false
  try {
    for await (const piece of pieces(body)) {
      if (ended) throw new TypeError('There is more behind the end')
      const written = heard(writer.write(piece).then(() => undefined))
      /** Resolves when all that the piece has made readable was read, unless something was read meanwhile. */
      let quiet = heard(written.then(turn))
      for (let isQuiet = true; ; ) {
        const next: ReadableStreamReadResult<Bytes> | undefined = await Promise.race([
          reading,
          quiet,
        ])
        if (!next && isQuiet) break
        if (!next) {
          isQuiet = true
          quiet = turn()
          continue
        }
        if (next.done) {
          ended = true
          break
        }
        yield next.value
        isQuiet = next.value.byteLength < fullBytes
        if (isQuiet) quiet = written
        fullBytes = Math.max(fullBytes, next.value.byteLength)
        reading = read()
      }
    }
    heard(writer.close())
    for (;;) {
      const { done, value } = await reading
      if (done) break
      yield value
      reading = read()
    }
  } finally {
    heard(writer.abort())
    heard(reader.cancel())
  }
}

async function* pieces(body: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  for await (const chunk of iterate(body)) {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      yield chunk.subarray(at, at + PIECE_BYTES)
    }
  }
}

async function turn(): Promise<undefined> {
  await nextTurn()
  return undefined
}

/** The same promise, whose failure may go unheard: the reader tells of each one. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
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
