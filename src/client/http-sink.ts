import { nanoid } from 'nanoid'
import type {
  Ack,
  CallOptions,
  LaneRange,
  Rejected,
  Row,
  Sink,
  SinkResult,
  SinkWriteOptions,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { LastFiles } from '../core/last-files.ts'
import { type Limiter, limiter } from '../core/limiter.ts'
import { disposeWriter } from '../core/streams.ts'
import { type Ending, type HttpClient, type HttpClientOptions, httpClient } from './http-client.ts'
import { LaneRanges } from './lane-ranges.ts'
import { type Answer, failureOf, ProducerSequence, type Step } from './producer-sequence.ts'
import { either, type HttpFile, RemoteReceipts } from './remote-receipts.ts'
import { type Body, bodiesOf, linesOf, RECORDS_TYPE } from './request-body.ts'

export interface HttpSinkOptions extends HttpClientOptions {
  /** The stream's name. */
  readonly stream: string
  /**
   * Who writes: requests are numbered, so that one that is sent again is not kept twice. One sink at a time may use an id;
   * whoever uses it anew, after a restart too, raises the epoch, which the sink itself never does. Default: a random id.
   */
  readonly producer?: { readonly id: string; readonly epoch: number } | undefined
  /** A request's size. Default 4 MiB; a server takes 16 MiB unless told otherwise. A larger record is rejected. */
  readonly maxBodyBytes?: number | undefined
  /** Records in a request. Default 50,000; a server takes 100,000 unless told otherwise. */
  readonly maxBodyRecords?: number | undefined
}

/** A sink at the other end of an HTTP connection. */
export interface HttpSink<R = Row> extends Sink<R> {
  /** Cuts the stream's open files, and resolves to those that hold this sink's records since the last `flush`. */
  flush(options?: CallOptions): Promise<readonly HttpFile[]>
  close(): Promise<HttpSinkResult>
}

export interface HttpSinkResult extends SinkResult {
  readonly files: readonly HttpFile[]
}

/**
 * Sends records to a Sluice server, such as `ingestWorker()`.
 *
 * Guaranteed: what `Sink` says, with the server's log. A request whose outcome is unknown is sent again under its number
 * until it is answered or the retry budget is used up; `write` rejects then, and the sink sends that request again before
 * anything else. If the next `write` brings the same rows, it is taken for the same one and goes on where that stopped: nothing
 * of it is kept twice.
 *
 * Not guaranteed: that one `write` is one append. What does not fit into one request is sent in several; when one of them
 * fails, those before it are kept, and the error's message says how many records that are. That rows which were written
 * again later, after others, are known again: give each write a `producer` step of your own for that. Rows that JSON has no
 * text for are rejected here and sent along as dead letters.
 *
 * Errors: the server's, by `code`; `network`, `timeout`, `unavailable` and `protocol` when it gave no answer of its own, and
 * the outcome is unknown. `invalid-options` at once for an address or a token that cannot be sent. The token is in none of them.
 */
export function httpSink<R extends object = Row>(options: HttpSinkOptions): HttpSink<R> {
  return new ClientSink<R>(options)
}

class ClientSink<R extends object> implements HttpSink<R> {
  readonly #client: HttpClient
  readonly #options: HttpSinkOptions
  readonly #path: string
  /** Requests of one producer go one after the other: the server takes their numbers in order. */
  readonly #serial: Limiter = limiter(1)
  /** So that each one knows what became of the records of those before it. */
  readonly #flushes: Limiter = limiter(1)
  readonly #sequence: ProducerSequence
  readonly #receipts: RemoteReceipts
  readonly #controller = new AbortController()
  /** The write that failed last, with what was answered of it. */
  #unfinished: { readonly bodies: readonly Body[]; readonly answers: readonly Answer[] } | undefined
  /** Acknowledged, and not yet known to be visible. */
  #kept: LaneRanges = new LaneRanges()
  readonly #files = new LastFiles<HttpFile>()
  #accepted = 0
  #rejected = 0
  #closing: Promise<HttpSinkResult> | undefined
  #over: SluiceError | undefined

  constructor(options: HttpSinkOptions) {
    this.#options = options
    this.#client = httpClient(options)
    this.#path = `v1/streams/${encodeURIComponent(options.stream)}`
    this.#receipts = new RemoteReceipts(this.#client, this.#path, this.#controller.signal)
    this.#sequence = new ProducerSequence(
      options.producer ?? { id: nanoid(), epoch: 0 },
      (step, body, signal) => this.#post(step, body, signal),
    )
  }

  async write(rows: Iterable<R>, options: SinkWriteOptions = {}): Promise<Ack> {
    this.#throwIfOver()
    // What came after close() began would be missing from its result.
    if (this.#closing) throw new SluiceError('invalid-options', 'The sink is being closed')
    const { maxBodyBytes = 4 * 1024 * 1024, maxBodyRecords = 50_000 } = this.#options
    const lines = linesOf(rows, options.refused ?? [], maxBodyBytes)
    const bodies = [...bodiesOf(lines, maxBodyBytes, maxBodyRecords)]
    if (options.producer && bodies.length > 1) {
      throw new SluiceError(
        'too-large',
        `A write with a producer of its own is one request, and ${lines.length} records need ${bodies.length}; nothing was sent`,
      )
    }
    const { producer, signal } = options
    return this.#serial(
      () => (producer ? this.#sendOne(producer, bodies, signal) : this.#sendAll(bodies, signal)),
      signal,
    )
  }

  flush({ signal }: CallOptions = {}): Promise<readonly HttpFile[]> {
    return this.#flushes(async () => {
      // Behind the writes that came before it.
      const kept = await this.#serial(() => this.#takeKept(signal), signal)
      try {
        const files = await this.#receipts.flushed(kept, signal)
        for (const file of files) this.#files.add(file)
        return files
      } catch (error) {
        this.#kept.add(kept)
        throw error
      }
    }, signal)
  }

  close(): Promise<HttpSinkResult> {
    this.#closing ??= this.#close().catch((error: unknown) => {
      // What was acknowledged is safe with the server: a later close() asks again.
      if (!this.#over) this.#closing = undefined
      throw error
    })
    return this.#closing
  }

  async abort(reason?: unknown): Promise<void> {
    this.#over ??= new SluiceError('aborted', 'The sink was aborted', { cause: reason })
    this.#controller.abort(this.#over)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return disposeWriter(this)
  }

  async #close(): Promise<HttpSinkResult> {
    await this.flush()
    this.#over = new SluiceError('invalid-options', 'The sink is closed')
    const { files, count } = this.#files
    return { accepted: this.#accepted, rejected: this.#rejected, files, fileCount: count }
  }

  /** A write under a number of the caller's, who knows what to do when its outcome is unknown. */
  async #sendOne(
    step: Step,
    bodies: readonly Body[],
    signal: AbortSignal | undefined,
  ): Promise<Ack> {
    const answers: Answer[] = []
    for (const body of bodies) {
      this.#throwIfOver()
      const ending = await this.#post(step, body, signal)
      if (!('answer' in ending)) throw failureOf(ending)
      answers.push(this.#count(ending.answer))
    }
    return this.#ackOf(bodies, answers)
  }

  async #sendAll(bodies: readonly Body[], signal: AbortSignal | undefined): Promise<Ack> {
    const answers = [...(await this.#answeredBefore(bodies, signal))]
    try {
      for (const body of bodies.slice(answers.length)) {
        this.#throwIfOver()
        throwIfAborted(signal)
        answers.push(this.#count(await this.#sequence.send(body, signal)))
      }
    } catch (error) {
      if (answers.length > 0 || this.#sequence.isOpen) this.#unfinished = { bodies, answers }
      throw isSluiceError(error) ? partly(error, recordsIn(bodies.slice(0, answers.length))) : error
    }
    return this.#ackOf(bodies, answers)
  }

  /** What was answered of these bodies, when they are those of the write that failed last. */
  async #answeredBefore(
    bodies: readonly Body[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Answer[]> {
    const last = this.#unfinished
    const same = last && areSame(last.bodies, bodies)
    if (!same) {
      await this.#settle(signal).catch((error: unknown) => {
        throw isSluiceError(error) ? unsent(error) : error
      })
    }
    this.#unfinished = undefined
    return same ? last.answers : []
  }

  async #settle(signal: AbortSignal | undefined): Promise<void> {
    const answer = await this.#sequence.settle(signal)
    if (!answer) return
    this.#count(answer)
    // The same rows may still be written again next.
    const { bodies = [], answers = [] } = this.#unfinished ?? {}
    this.#unfinished = { bodies, answers: [...answers, answer] }
  }

  async #takeKept(signal: AbortSignal | undefined): Promise<readonly LaneRange[]> {
    this.#throwIfOver()
    await this.#settle(signal)
    const kept = this.#kept.toArray()
    this.#kept = new LaneRanges()
    return kept
  }

  #count(answer: Answer): Answer {
    this.#kept.add(answer.receipt.ranges)
    this.#accepted += answer.accepted
    this.#rejected += answer.rejected.length
    return answer
  }

  #post(step: Step, body: Body, signal: AbortSignal | undefined): Promise<Ending<Answer>> {
    return this.#client.exchange<Answer>('POST', `${this.#path}/records`, {
      headers: {
        'content-type': RECORDS_TYPE,
        'producer-id': step.id,
        'producer-epoch': String(step.epoch),
        'producer-seq': String(step.seq),
      },
      body: body.text,
      signal: either(this.#controller.signal, signal),
      isAnswer: ({ accepted, rejected, receipt }) =>
        typeof accepted === 'number' && Array.isArray(rejected) && Array.isArray(receipt?.ranges),
    })
  }

  #ackOf(bodies: readonly Body[], answers: readonly Answer[]): Ack {
    const rejected: Rejected[] = []
    let index = 0
    for (const [place, answer] of answers.entries()) {
      for (const one of answer.rejected) rejected.push({ ...one, index: index + one.index })
      index += bodies[place]?.records ?? 0
    }
    const ranges = new LaneRanges(answers.flatMap(({ receipt }) => receipt.ranges)).toArray()
    return {
      accepted: answers.reduce((sum, { accepted }) => sum + accepted, 0),
      rejected,
      duplicate: answers.length > 0 && answers.every(({ duplicate }) => duplicate),
      receipt: this.#receipts.receipt(ranges),
    }
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over
  }
}

function recordsIn(bodies: readonly Body[]): number {
  return bodies.reduce((sum, { records }) => sum + records, 0)
}

function areSame(some: readonly Body[], others: readonly Body[]): boolean {
  return some.length === others.length && some.every(({ text }, at) => text === others[at]?.text)
}

/** The error of a write of which `kept` records were answered before. */
function partly(error: SluiceError, kept: number): SluiceError {
  if (kept === 0) return error
  return about(
    error,
    `${error.message}. The first ${kept} records of this write were answered before and are kept`,
  )
}

function unsent(error: SluiceError): SluiceError {
  return about(
    error,
    `Nothing of this write was sent, since the outcome of an earlier one is not known yet: ${error.message}`,
  )
}

function about(error: SluiceError, message: string): SluiceError {
  const { code, retryable, status, retryAfterMs, producerId, expectedSeq } = error
  return new SluiceError(code, message, {
    cause: error,
    retryable,
    status,
    retryAfterMs,
    producerId,
    expectedSeq,
  })
}
