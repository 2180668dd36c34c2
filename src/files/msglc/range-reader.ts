import type { Bytes } from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import { type Limiter, limiter } from '../../core/limiter.ts'
import { checkBound } from '../../formats/msglc/options.ts'
import type { Span } from '../../formats/msglc/toc.ts'
import type { OpenedHandle } from './byte-handle.ts'

/** How ranges become requests. */
export interface RangeOptions {
  /** Bytes that are kept after they were read. Default 16 MiB. */
  readonly cacheBytes?: number | undefined
  /** Ranges are one request where no more than so many bytes lie between them. Default 512. */
  readonly gapBytes?: number | undefined
  /** Requests at once. Default 5: a Worker has six connections. */
  readonly concurrency?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What was asked of the store, or the handle, so far. */
export interface ReadStatistics {
  readonly requests: number
  readonly bytes: number
}

/** Larger ones are several requests at once, and smaller ones are joined up to it. */
const REQUEST_BYTES = 8 * 1024 ** 2
/** How many neighbours are looked at for one that holds a range: those that overlap are few. */
const NEIGHBOURS = 8

interface Segment extends Span {
  readonly bytes: Promise<Uint8Array>
}

/** Reads ranges: joined where they are near, several at once, and kept. Nothing outside of the file is ever asked for. */
export class RangeReader {
  readonly size: number
  /** Of the object, where it is one. */
  readonly key: string | undefined
  readonly #handle: OpenedHandle['handle']
  readonly #cacheBytes: number
  readonly #gapBytes: number
  readonly #limit: Limiter
  readonly #signal: AbortSignal | undefined
  /** Ascending by their start. */
  readonly #segments: Segment[] = []
  /** The same, and those used last are the last. */
  readonly #uses = new Set<Segment>()
  #cachedBytes = 0
  #requests = 0
  #bytes = 0

  constructor({ handle, first, key }: OpenedHandle, options: RangeOptions) {
    const { cacheBytes = 16 * 1024 ** 2, gapBytes = 512, concurrency = 5, signal } = options
    checkBound('cacheBytes', cacheBytes)
    checkBound('gapBytes', gapBytes)
    if (!(concurrency >= 1)) {
      throw new SluiceError('invalid-options', `concurrency (${concurrency}) must be positive`)
    }
    this.size = handle.size
    this.key = key
    this.#handle = handle
    this.#cacheBytes = cacheBytes
    this.#gapBytes = gapBytes
    this.#limit = limiter(concurrency)
    this.#signal = signal
    if (!first) return
    this.#requests = 1
    this.#bytes = first.byteLength
    this.#keep({ start: 0, end: first.byteLength, bytes: Promise.resolve(first) })
  }

  get statistics(): ReadStatistics {
    return { requests: this.#requests, bytes: this.#bytes }
  }

  /** The bytes of each range. They lie over one buffer with others: for decoding, not for keeping. */
  async read(spans: readonly Span[]): Promise<Uint8Array[]> {
    this.#checkInside(spans)
    const missing = spans.filter((span) => !isLarge(span) && !this.#holding(span))
    const begun = this.#joined(missing).map((span) => this.#begin(span))
    return Promise.all(
      spans.map((span) => (isLarge(span) ? this.#readPieces(span) : this.#cut(span, begun))),
    )
  }

  /**
   * The bytes of one range, by requests of so many at most, unless they are here. Nothing is kept: who asks has them. They may lie in
   * `place`, if that is given and as long.
   */
  async unkept(
    span: Span,
    requestBytes: number = REQUEST_BYTES,
    place?: Bytes,
  ): Promise<Uint8Array> {
    this.#checkInside([span])
    if (this.#holding(span)) return this.#cut(span, [])
    const isOne = span.end - span.start <= requestBytes
    if (isOne && !this.#handle.readInto) return this.#fetch(span)
    return this.#readPieces(span, requestBytes, place)
  }

  /** The bytes of one range in a buffer of their own, for whoever may change them. Nothing is kept here. */
  async copy(span: Span): Promise<Bytes> {
    this.#checkInside([span])
    if (this.#holding(span)) return (await this.#cut(span, [])).slice()
    return this.#readPieces(span)
  }

  #checkInside(spans: readonly Span[]): void {
    for (const { start, end } of spans) {
      if (start >= 0 && end >= start && end <= this.size) continue
      throw new SluiceError('protocol', `[${start}, ${end}) lies outside of the ${this.size} bytes`)
    }
  }

  /** The segment is found before anything is waited for: what others read meanwhile may push it out. */
  #cut(span: Span, begun: readonly Segment[]): Promise<Uint8Array> {
    const holds = ({ start, end }: Span): boolean => start <= span.start && end >= span.end
    const segment = this.#holding(span) ?? begun.find(holds)
    if (!segment) return this.#fetch(span)
    return segment.bytes.then((bytes) =>
      bytes.subarray(span.start - segment.start, span.end - segment.start),
    )
  }

  /** Several requests, and none of it is kept: its reader has it. */
  async #readPieces(
    { start, end }: Span,
    requestBytes: number = REQUEST_BYTES,
    place?: Bytes,
  ): Promise<Bytes> {
    const bytes = place ?? reserved(end - start)
    const pieces: Promise<unknown>[] = []
    for (let at = start; at < end; at += requestBytes) {
      const piece = { start: at, end: Math.min(end, at + requestBytes) }
      pieces.push(this.#fetch(piece, bytes.subarray(at - start, piece.end - start)))
    }
    await Promise.all(pieces)
    return bytes
  }

  #joined(missing: Span[]): Span[] {
    missing.sort((a, b) => a.start - b.start)
    const joined: Span[] = []
    for (const span of missing) {
      const last = joined.at(-1)
      const isNear = last && span.start - last.end <= this.#gapBytes
      const end = Math.max(span.end, last?.end ?? 0)
      if (isNear && end - last.start <= REQUEST_BYTES) joined.splice(-1, 1, { ...last, end })
      else joined.push(span)
    }
    return joined
  }

  #begin({ start, end }: Span): Segment {
    const segment: Segment = { start, end, bytes: this.#fetch({ start, end }) }
    this.#keep(segment)
    segment.bytes.catch(() => this.#drop(segment))
    return segment
  }

  /** One request. With a `target`, the bytes lie there. */
  #fetch({ start, end }: Span, target?: Uint8Array): Promise<Uint8Array> {
    if (start === end) return Promise.resolve(new Uint8Array(0))
    const signal = this.#signal
    return this.#limit(async () => {
      this.#requests++
      const { bytes, count } = await this.#read(start, end, target)
      this.#bytes += count
      if (count === end - start) return bytes
      const message = `[${start}, ${end}) was asked for, and ${count} bytes came`
      throw new SluiceError('protocol', message)
    }, signal)
  }

  async #read(
    start: number,
    end: number,
    target: Uint8Array | undefined,
  ): Promise<{ readonly bytes: Uint8Array; readonly count: number }> {
    const options = { signal: this.#signal }
    try {
      if (target && this.#handle.readInto) {
        return { bytes: target, count: await this.#handle.readInto(target, start, options) }
      }
      const bytes = await this.#handle.read(start, end, options)
      const count = bytes.byteLength
      if (count === target?.byteLength) target.set(bytes)
      return { bytes, count }
    } catch (error) {
      throw asSluiceError(error, 'unavailable', `Reading [${start}, ${end}) failed`)
    }
  }

  #holding({ start, end }: Span): Segment | undefined {
    const from = this.#place(start)
    for (let at = from - 1; at >= 0 && at >= from - NEIGHBOURS; at--) {
      const segment = this.#segments[at] as Segment
      if (segment.end < end) continue
      this.#uses.delete(segment)
      this.#uses.add(segment)
      return segment
    }
    return undefined
  }

  /** Where the first segment is that begins behind `start`. */
  #place(start: number): number {
    let low = 0
    for (let high = this.#segments.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((this.#segments[middle] as Segment).start <= start) low = middle + 1
      else high = middle
    }
    return low
  }

  #keep(segment: Segment): void {
    this.#segments.splice(this.#place(segment.start), 0, segment)
    this.#uses.add(segment)
    this.#cachedBytes += segment.end - segment.start
    for (const oldest of this.#uses) {
      if (this.#cachedBytes <= this.#cacheBytes) break
      this.#drop(oldest)
    }
  }

  #drop(segment: Segment): void {
    if (!this.#uses.delete(segment)) return
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    this.#cachedBytes -= segment.end - segment.start
  }
}

export function reserved(sizeBytes: number): Bytes {
  try {
    return new Uint8Array(sizeBytes)
  } catch (cause) {
    const message = `${sizeBytes} bytes in one piece are more than this runtime holds: read less at once`
    throw new SluiceError('too-large', message, { cause })
  }
}

function isLarge({ start, end }: Span): boolean {
  return end - start > REQUEST_BYTES
}
