import type { LaneRange, Rejected } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type Ending, UNKNOWN } from './http-client.ts'
import type { Body } from './request-body.ts'

/** What the server says of one request. */
export interface Answer {
  readonly accepted: number
  readonly rejected: readonly Rejected[]
  readonly duplicate: boolean
  readonly receipt: { readonly id: string; readonly ranges: readonly LaneRange[] }
}

export interface Step {
  readonly id: string
  readonly epoch: number
  readonly seq: number
}

/** Sends one request until it is answered or there is no use in sending it again. */
export type Post = (
  step: Step,
  body: Body,
  signal: AbortSignal | undefined,
) => Promise<Ending<Answer>>

/**
 * The numbers of one producer's requests. A number belongs to one body, from when it may have been kept under it:
 *
 * ```
 *            200                    200: seq + 1
 *       ┌───────────┐          ┌──────────────────────┐
 *       ▼           │          ▼                      │
 *     free ── send(body) ─▶ in flight ── unknown ─▶ open(body) ── send(body), settle() ─▶ in flight
 *       ▲                      │  │                   ▲                                    │
 *       └── 4xx, none unknown ─┘  └─ 409, 403 ─▶ over  └──── anything but 200, 409, 403 ───┘
 *           (same seq)               (fenced)
 * ```
 *
 * - *unknown*: an attempt got no answer, a 5xx, a 408, or an answer that is not the server's. It may have been kept, or may be
 *   kept later. A `4xx` to a further attempt speaks of that one only, so the whole stays unknown.
 * - *free*: a `4xx` means that nothing was kept, so the number is the next body's.
 * - *open*: the number and its body are sent again, as they were, before anything else is: the server answers as it did, or
 *   keeps it now. So nothing is kept twice, and no record is taken for one that was kept.
 * - *over*: the server has another body under the number, numbers beyond it, or a higher epoch: somebody else uses the producer.
 *
 * The epoch is the user's, and is never raised here: one that the sink had chosen could meet the one chosen after a restart,
 * and the server would take the new requests for old ones.
 */
export class ProducerSequence {
  readonly #post: Post
  readonly #producer: { readonly id: string; readonly epoch: number }
  #seq = 0
  #open: { readonly body: Body; readonly unknown: SluiceError } | undefined
  #over: SluiceError | undefined

  constructor(producer: { readonly id: string; readonly epoch: number }, post: Post) {
    this.#producer = producer
    this.#post = post
  }

  /** Whether a request may have been kept that was never answered. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** The answer to the open request, if there is one. */
  async settle(signal: AbortSignal | undefined): Promise<Answer | undefined> {
    return this.#open && this.send(this.#open.body, signal)
  }

  /** One call at a time. While a request is open, only its own body may be sent: `settle` first. */
  async send(body: Body, signal: AbortSignal | undefined): Promise<Answer> {
    if (this.#over) throw this.#over
    const ending = await this.#post({ ...this.#producer, seq: this.#seq }, body, signal)
    if ('answer' in ending) {
      this.#open = undefined
      this.#seq++
      return ending.answer
    }
    const unknown = ending.unknown ?? this.#open?.unknown
    if (unknown) this.#open = { body, unknown }
    throw failureOf({ error: this.#ended(ending.error), unknown })
  }

  #ended(error: SluiceError): SluiceError {
    if (!/^(conflict|already-exists|fenced)$/.test(error.code)) return error
    const { id } = this.#producer
    this.#over = new SluiceError(
      // What was kept under the number is somebody else's: of these records, "already exists" would say that they were kept.
      error.code === 'fenced' ? 'fenced' : 'conflict',
      `The server has requests of the producer "${id}" that are not this sink's; give each sink an id of its own, or raise the epoch when it starts anew`,
      { cause: error, retryable: false, producerId: id, expectedSeq: error.expectedSeq },
    )
    return this.#over
  }
}

/** The error of a request as its caller is to know it: by its code, whether the request may have been kept. */
export function failureOf({
  error,
  unknown,
}: Exclude<Ending<never>, { answer: never }>): SluiceError {
  // A number that was kept before is no question any more.
  if (!unknown || UNKNOWN.has(error.code) || error.code === 'already-exists') return error
  const { retryable, retryAfterMs } = error
  return new SluiceError(
    unknown.code,
    `${unknown.message}, and may have been kept. Sent again: ${error.message}`,
    { cause: error, retryable, retryAfterMs },
  )
}
