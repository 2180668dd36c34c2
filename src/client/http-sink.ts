import { nanoid } from 'nanoid'
import type {
  Ack,
  CallOptions,
  Committed,
  FileInfo,
  LaneRange,
  Progress,
  Receipt,
  Rejected,
  Row,
  Sink,
  SinkResult,
  SinkWriteOptions,
} from '../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { type Limiter, limiter } from '../core/limiter.ts'
import { disposeWriter } from '../core/streams.ts'
import { type HttpClient, type HttpClientOptions, httpClient } from './http-client.ts'
import { type Body, bodiesOf, linesOf, RECORDS_TYPE } from './request-body.ts'

export interface HttpSinkOptions extends HttpClientOptions {
  /** The stream's name. */
  readonly stream: string
  /**
   * Who writes: requests are numbered, so that one that is sent again is not kept twice. One sink at a time may use an id;
   * whoever uses it anew, after a restart too, raises the epoch. Default: a random id, at epoch 0.
   */
  readonly producer?: { readonly id: string; readonly epoch: number } | undefined
  /** A request's size. Default 4 MiB; a server takes 16 MiB unless told otherwise. A larger record is rejected. */
  readonly maxBodyBytes?: number | undefined
  /** Records in a request. Default 50,000; a server takes 100,000 unless told otherwise. */
  readonly maxBodyRecords?: number | undefined
}

/** A visible file, and where it is downloaded: a link for an hour if the token may read and the server has a link secret. */
export interface HttpFile extends FileInfo {
  readonly url: string
}

/** A sink at the other end of an HTTP connection. */
export interface HttpSink<R = Row> extends Sink<R> {
  flush(options?: CallOptions): Promise<readonly HttpFile[]>
  close(): Promise<HttpSinkResult>
}

export interface HttpSinkResult extends SinkResult {
  readonly files: readonly HttpFile[]
}

/** How long one question for a receipt waits at the server. */
const WAIT_MS = 20_000

/**
 * Sends records to a Sluice server, such as `ingestWorker()`.
 *
 * Guaranteed: what `Sink` says, with the server's log. A request whose outcome is unknown is sent again under its number
 * until it is answered or the retry budget is used up, so no record is kept twice.
 *
 * Not guaranteed: that one `write` is one append. What does not fit into one request is sent in several; when one of them
 * fails, those before it are kept, and the error's message says how many records that are. Rows that JSON has no text for
 * are rejected here and sent along as dead letters.
 *
 * Errors: the server's, by `code`; `network` and `timeout` when it does not answer. The token is in none of them.
 */
export function httpSink<R extends object = Row>(options: HttpSinkOptions): HttpSink<R> {
  return new ClientSink<R>(options)
}

interface Answer {
  readonly accepted: number
  readonly rejected: readonly Rejected[]
  readonly duplicate: boolean
  readonly receipt: { readonly id: string; readonly ranges: readonly LaneRange[] }
}

interface RemoteProgress extends Progress {
  readonly files: readonly HttpFile[]
}

class ClientSink<R extends object> implements HttpSink<R> {
  readonly #client: HttpClient
  readonly #options: HttpSinkOptions
  readonly #path: string
  /** Requests of one producer go one after the other: the server takes their numbers in order. */
  readonly #serial: Limiter = limiter(1)
  readonly #receiptIds: string[] = []
  readonly #controller = new AbortController()
  readonly #producer: { readonly id: string; epoch: number; seq: number }
  #accepted = 0
  #rejected = 0
  #closing: Promise<HttpSinkResult> | undefined
  #over: SluiceError | undefined

  constructor(options: HttpSinkOptions) {
    this.#options = options
    this.#client = httpClient(options)
    this.#path = `v1/streams/${encodeURIComponent(options.stream)}`
    this.#producer = { ...(options.producer ?? { id: nanoid(), epoch: 0 }), seq: 0 }
  }

  async write(rows: Iterable<R>, options: SinkWriteOptions = {}): Promise<Ack> {
    this.#throwIfOver()
    const { maxBodyBytes = 4 * 1024 * 1024, maxBodyRecords = 50_000 } = this.#options
    const lines = linesOf(rows, options.refused ?? [], maxBodyBytes)
    const bodies = [...bodiesOf(lines, maxBodyBytes, maxBodyRecords)]
    if (options.producer && bodies.length > 1) {
      throw new SluiceError(
        'too-large',
        `A write with a producer of its own is one request, and ${lines.length} records need ${bodies.length}; nothing was sent`,
      )
    }
    return this.#serial(() => this.#sendAll(bodies, options))
  }

  flush(options: CallOptions = {}): Promise<readonly HttpFile[]> {
    return this.#serial(async () => {
      this.#throwIfOver()
      const { files } = await this.#request<{ files: HttpFile[] }>('POST', 'flush', options.signal)
      return files.map((file) => this.#absolute(file))
    })
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
    const files = new Map<string, HttpFile>()
    for (const id of this.#receiptIds) {
      for (const file of (await this.#untilCommitted(id, undefined)).files)
        files.set(file.key, file)
    }
    this.#over = new SluiceError('invalid-options', 'The sink is closed')
    return { accepted: this.#accepted, rejected: this.#rejected, files: [...files.values()] }
  }

  async #sendAll(bodies: readonly Body[], options: SinkWriteOptions): Promise<Ack> {
    const answers: Answer[] = []
    const rejected: Rejected[] = []
    let index = 0
    for (const body of bodies) {
      this.#throwIfOver()
      try {
        throwIfAborted(options.signal)
        const answer = await this.#send(body, options)
        answers.push(answer)
        this.#receiptIds.push(answer.receipt.id)
        this.#accepted += answer.accepted
        this.#rejected += answer.rejected.length
        for (const one of answer.rejected) rejected.push({ ...one, index: index + one.index })
        index += body.records
      } catch (error) {
        throw index > 0 && isSluiceError(error) ? partly(error, index) : error
      }
    }
    return {
      accepted: answers.reduce((sum, { accepted }) => sum + accepted, 0),
      rejected,
      duplicate: answers.length > 0 && answers.every(({ duplicate }) => duplicate),
      receipt: this.#receipt(answers),
    }
  }

  async #send(body: Body, options: SinkWriteOptions): Promise<Answer> {
    const step = options.producer ?? { ...this.#producer }
    const headers = {
      'content-type': RECORDS_TYPE,
      'producer-id': step.id,
      'producer-epoch': String(step.epoch),
      'producer-seq': String(step.seq),
    }
    try {
      const answer = await this.#request<Answer>('POST', 'records', options.signal, {
        headers,
        body: body.text,
      })
      if (!options.producer) this.#producer.seq++
      return answer
    } catch (error) {
      if (!options.producer) this.#afterFailure(error)
      throw error
    }
  }

  /** A refusal left the number free. Whether anything else did is unknown, so a new epoch begins and ends the old one. */
  #afterFailure(error: unknown): void {
    if (isSluiceError(error) && (error.code === 'conflict' || error.code === 'fenced')) {
      this.#over = new SluiceError(
        error.code,
        `Another sink writes as the producer "${this.#producer.id}"; give each an id of its own, or raise the epoch`,
        { cause: error, retryable: false },
      )
      return
    }
    const refused =
      isSluiceError(error) && error.status !== undefined && error.status < 500 && !error.retryable
    if (refused) return
    this.#producer.epoch++
    this.#producer.seq = 0
  }

  #receipt(answers: readonly Answer[]): Receipt {
    const ids = answers.map(({ receipt }) => receipt.id)
    const all = async (one: (id: string) => Promise<RemoteProgress>): Promise<RemoteProgress> => {
      const files = new Map<string, HttpFile>()
      let records = 0
      let state: Progress['state'] = 'committed'
      for (const id of ids) {
        const progress = await one(id)
        records += progress.records
        if (progress.state === 'pending') state = 'pending'
        for (const file of progress.files) files.set(file.key, file)
      }
      return { state, records, files: [...files.values()] }
    }
    return {
      id: ids.join('.'),
      ranges: answers.flatMap(({ receipt }) => receipt.ranges),
      committed: async (options): Promise<Committed> => {
        const { records, files } = await all((id) => this.#untilCommitted(id, options?.signal))
        return { records, files }
      },
      progress: () => all((id) => this.#progress(id, 0, undefined)),
    }
  }

  async #untilCommitted(id: string, signal: AbortSignal | undefined): Promise<RemoteProgress> {
    for (;;) {
      const progress = await this.#progress(id, WAIT_MS, signal)
      if (progress.state === 'committed') return progress
    }
  }

  async #progress(
    id: string,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<RemoteProgress> {
    const path = `receipts/${id}?wait=${waitMs}`
    const progress = await this.#request<RemoteProgress>('GET', path, signal)
    return { ...progress, files: progress.files.map((file) => this.#absolute(file)) }
  }

  #request<T>(
    method: string,
    path: string,
    signal: AbortSignal | undefined,
    init: { readonly headers?: Record<string, string>; readonly body?: string } = {},
  ): Promise<T> {
    const mine = this.#controller.signal
    return this.#client.request<T>(method, `${this.#path}/${path}`, {
      ...init,
      signal: signal ? AbortSignal.any([mine, signal]) : mine,
    })
  }

  #absolute(file: HttpFile): HttpFile {
    return { ...file, url: this.#client.address(file.url) }
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over
  }
}

function partly(error: SluiceError, kept: number): SluiceError {
  const { code, retryable, status, retryAfterMs } = error
  return new SluiceError(
    code,
    `${error.message}. The first ${kept} records of this write were answered before and are kept`,
    { cause: error, retryable, status, retryAfterMs },
  )
}
