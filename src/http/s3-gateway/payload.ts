import type { Bytes } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { iterate } from '../../core/reading.ts'
import { collectBytes } from '../../core/streams.ts'
import { UNSIGNED_PAYLOAD } from '../../s3/sign.ts'
import { decodeAwsChunked, malformedTrailer } from './aws-chunked.ts'
import {
  type ChecksumName,
  checkDigests,
  checkedBase64,
  checksumOf,
  digestCheck,
  type Expectation,
  expectationsOf,
} from './digests.ts'
import type { Authorized } from './presigned.ts'
import { Refusal } from './refusal.ts'

/** The body of a request, to be read once. */
export interface Payload {
  /** What the request says; throws where it says nothing. */
  sizeBytes(): number
  /**
   * Piece by piece, and checked while it passes: throws at the end when it is not what was announced and signed. Nothing
   * that was made of it may be visible before it has ended.
   */
  chunks(maxBytes: number): AsyncGenerator<Bytes, void, undefined>
  /** As a whole, checked. */
  bytes(maxBytes: number): Promise<Bytes>
  /** The checksums that have been checked, by their headers' names. After the body was read. */
  checksums(): Readonly<Record<string, string>>
}

/** The payload hashes of a body in chunks: whether each is signed, and whether a checksum comes behind them. */
const STREAMING = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
} as const

function streamingOf(payloadHash: string): (typeof STREAMING)[keyof typeof STREAMING] | undefined {
  return Object.hasOwn(STREAMING, payloadHash)
    ? STREAMING[payloadHash as keyof typeof STREAMING]
    : undefined
}

/** What may stand in `x-amz-content-sha256`. */
export function checkPayloadHash(payloadHash: string): void {
  if (payloadHash === UNSIGNED_PAYLOAD || streamingOf(payloadHash)) return
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return
  if (payloadHash.startsWith('STREAMING-')) {
    throw new Refusal('NotImplemented', `The payload signature ${payloadHash} is not implemented`)
  }
  throw new Refusal('InvalidRequest', 'Missing or invalid required header: x-amz-content-sha256')
}

/** The headers are those of the operation, which a signed query may have added to. */
export function payloadOf(
  request: Request,
  { headers, payloadHash, chain }: Omit<Authorized, 'query'>,
): Payload {
  const streaming = streamingOf(payloadHash)
  const checked = new Map<string, string>()

  function announced(): readonly ChecksumName[] {
    const trailer = headers.get('x-amz-trailer')?.trim().toLowerCase()
    if (trailer === undefined) return []
    const name = checksumOf(trailer)
    if (streaming?.trailer && name) return [name]
    throw new Refusal('InvalidRequest', `The trailer in x-amz-trailer is not supported: ${trailer}`)
  }

  function sizeBytes(): number {
    const name = streaming ? 'x-amz-decoded-content-length' : 'content-length'
    const text = headers.get(name)
    if (text !== null && /^\d{1,15}$/.test(text)) return Number(text)
    throw new Refusal('MissingContentLength', `You must provide the ${name} HTTP header`)
  }

  /** The body without its frame, checked for its size and its trailers. */
  async function* read(
    maxBytes: number,
    onTrailers: (late: readonly Expectation[]) => void,
  ): AsyncGenerator<Bytes, void, undefined> {
    const names = announced()
    const expected = sizeBytes()
    if (!streaming && headers.has('x-amz-decoded-content-length')) {
      throw new Refusal('InvalidRequest', 'Chunks go with a payload hash of STREAMING-…')
    }
    if (streaming?.signed && !chain) {
      throw new Refusal('InvalidRequest', 'A presigned URL signs no chunks')
    }
    if (expected > maxBytes) {
      throw new Refusal(
        'EntityTooLarge',
        `Your proposed upload exceeds the ${maxBytes} bytes allowed`,
      )
    }
    let received = 0
    const source = arriving(request.body)
    const body = streaming
      ? decodeAwsChunked(source, streaming.signed ? chain : undefined, streaming.trailer)
      : source
    try {
      for (;;) {
        const { done, value } = await body.next()
        if (done) {
          if (value) onTrailers(trailersOf(value, names))
          break
        }
        received += value.byteLength
        if (received > expected) break
        yield value
      }
    } finally {
      await body.return(undefined as never)
    }
    if (received === expected) return
    throw new Refusal('IncompleteBody', 'The body does not have the length that was announced')
  }

  function keep(expectations: readonly Expectation[]): void {
    for (const { header, expected } of expectations) {
      if (checksumOf(header)) checked.set(header, expected)
    }
  }

  return {
    sizeBytes,
    async *chunks(maxBytes) {
      const expectations = expectationsOf(headers, payloadHash)
      const check = digestCheck(expectations, announced())
      let late: readonly Expectation[] = []
      for await (const piece of read(maxBytes, (found) => (late = found))) {
        check.update(piece)
        yield piece
      }
      check.finish(late)
      keep([...expectations, ...late])
    },
    async bytes(maxBytes) {
      const expectations = [...expectationsOf(headers, payloadHash)]
      const bytes = await collectBytes(read(maxBytes, (late) => expectations.push(...late)))
      await checkDigests(bytes, expectations)
      keep(expectations)
      return bytes
    },
    checksums: () => Object.fromEntries(checked),
  }
}

function trailersOf(
  trailers: ReadonlyMap<string, string>,
  announced: readonly ChecksumName[],
): readonly Expectation[] {
  const found = [...trailers].map(([header, value]) => {
    const name = checksumOf(header)
    if (!name || !announced.includes(name)) throw malformedTrailer()
    return checkedBase64(name, value, header)
  })
  if (found.length === announced.length) return found
  throw malformedTrailer()
}

/** What comes, as it comes. */
export async function* arriving(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<Bytes, undefined, undefined> {
  if (!body) return
  try {
    yield* iterate(body as ReadableStream<Bytes>)
  } catch (error) {
    if (isSluiceError(error)) throw error
    throw new Refusal('IncompleteBody', 'The body broke off')
  }
}
