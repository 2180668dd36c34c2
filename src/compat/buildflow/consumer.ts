import type { Ack, Awaitable, Clock, FileInfo, Source } from '../../contracts/index.ts'
import { anySignal, orAborted, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { retry } from '../../core/retry.ts'
import type { SinkPrimitive, SinkReplica } from './primitive.ts'
import {
  checkInput,
  type Input,
  type InputBatch,
  openInput,
  type PullSource,
} from './pull-source.ts'

export interface ConsumerOptions {
  /** How many work at once, each with a file of its own. Default 1. */
  readonly replicas?: number | undefined
  /** How often a batch is processed before it counts as failed. Default 4. */
  readonly attempts?: number | undefined
  /** Told of each failure of a process, a sink or an acknowledgement, as it happens. What it throws changes nothing. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Ends it at once: it rejects with `aborted`, and what is not visible or in a durable log is dropped, and not acknowledged. */
  readonly signal?: AbortSignal | undefined
  /** For the waits between attempts. */
  readonly clock?: Clock | undefined
}

const OPTIONS: OptionNames<ConsumerOptions> = {
  replicas: true,
  attempts: true,
  onError: true,
  signal: true,
  clock: true,
}

export interface ConsumerResult {
  /** Batches that were processed and taken. Of a source that is no `PullSource`, each element is one. */
  readonly batches: number
  /** Batches that were given back to a `PullSource`. */
  readonly failed: number
  /** Records, by their verdict. */
  readonly accepted: number
  readonly rejected: number
  /** Those that are visible, dead letters included: the last 10,000 of each replica. */
  readonly files: readonly FileInfo[]
}

/**
 * BuildFlow's consumer: what a source gives is processed, and what the process gives goes to a sink, by some replicas side by side. Resolves when
 * the source has ended and all is visible.
 *
 * A result that is a list or a set is so many records; `undefined` and `null` are none. A batch is processed again when its process fails.
 *
 * Guaranteed: at least once. A `PullSource` hears of a batch that it is kept when that is so, which without a durable log is when its file is
 * visible; a batch that fails for good is given back to it, and the others go on. Any other source cannot give it again: then what was pushed
 * by then is made visible, and the consumer rejects with what failed.
 *
 * Not guaranteed: order, with several replicas; that a batch of a `PullSource` is acknowledged soon, where a file is neither rotated nor in a log.
 *
 * Errors: `invalid-options`; `aborted`; what the source throws, the process after its last attempt, and the sink.
 */
export async function consumer<T, A>(
  source: Source<T> | PullSource<T, A>,
  process: (element: T) => Awaitable<unknown>,
  sink: SinkPrimitive,
  options: ConsumerOptions = {},
): Promise<ConsumerResult> {
  checkOptionNames('consumer', options, OPTIONS)
  const { replicas = 1, attempts = 4, signal } = options
  for (const [name, count] of Object.entries({ replicas, attempts })) {
    if (Number.isSafeInteger(count) && count >= 1) continue
    throw new SluiceError('invalid-options', `${name} (${count}) must be a whole number above 0`)
  }
  checkInput(source)
  if (typeof process !== 'function') {
    throw new SluiceError('invalid-options', 'The process must be a function of an element')
  }
  if (typeof sink?.sink !== 'function') {
    throw new SluiceError(
      'invalid-options',
      'The sink must be an S3Bucket, or have a sink() of its own',
    )
  }
  throwIfAborted(signal)
  const sinks: SinkReplica[] = []
  for (let replica = 0; replica < replicas; replica++) sinks.push(await sink.sink({ replica }))
  return new Run(openInput(source as Source<T> | PullSource<T>), process, sinks, options).run()
}

class Run<T> {
  readonly #input: Input<T>
  readonly #process: (element: T) => Awaitable<unknown>
  readonly #sinks: readonly SinkReplica[]
  readonly #options: ConsumerOptions
  /** Stops the other replicas when one has failed. */
  readonly #stop = new AbortController()
  /** Batches that are taken and not kept yet. */
  readonly #unsettled = new Set<Promise<void>>()
  #batches = 0
  #failed = 0

  constructor(
    input: Input<T>,
    process: (element: T) => Awaitable<unknown>,
    sinks: readonly SinkReplica[],
    options: ConsumerOptions,
  ) {
    this.#input = input
    this.#process = process
    this.#sinks = sinks
    this.#options = options
  }

  async run(): Promise<ConsumerResult> {
    const { signal } = this.#options
    const failures: unknown[] = []
    const work = this.#sinks.map((sink) =>
      this.#work(sink).catch((error: unknown) => {
        failures.push(error)
        this.#stop.abort(error)
      }),
    )
    await Promise.all(work)
    // Not waited for: an async generator is let go when it has answered, which may be never.
    if (failures.length > 0) this.#input.cancel(failures[0]).catch(() => {})
    if (signal?.aborted) {
      await this.#endAll((sink) => sink.abort(signal.reason))
      throwIfAborted(signal)
    }
    const results = await this.#endAll(async (sink) => {
      try {
        return await sink.close()
      } catch (error) {
        failures.push(error)
        await sink.abort(error)
        return undefined
      }
    })
    if (failures.length > 0) throw failures[0]
    const closed = results.filter((result) => result !== undefined)
    return {
      batches: this.#batches,
      failed: this.#failed,
      accepted: closed.reduce((sum, { accepted }) => sum + accepted, 0),
      rejected: closed.reduce((sum, { rejected }) => sum + rejected, 0),
      files: closed.flatMap(({ files }) => files),
    }
  }

  /** Ends every replica, and waits until the source has heard of every batch. */
  async #endAll<R>(end: (sink: SinkReplica) => Promise<R>): Promise<R[]> {
    const ended = await Promise.all(this.#sinks.map(end))
    await Promise.all(this.#unsettled)
    return ended
  }

  async #work(sink: SinkReplica): Promise<void> {
    const signal = anySignal(this.#stop.signal, this.#options.signal)
    for (;;) {
      if (signal.aborted) return
      const pulling = this.#input.pull({ signal })
      let batch: InputBatch<T> | undefined
      try {
        batch = await orAborted(pulling, signal)
      } catch (error) {
        // Another replica tells why; and what comes after all is given back.
        if (!signal.aborted) throw error
        pulling.then((late) => late?.settle(false)).catch(() => {})
        return
      }
      if (!batch) return
      await this.#take(batch, sink)
    }
  }

  async #take({ elements, settle }: InputBatch<T>, sink: SinkReplica): Promise<void> {
    const { signal } = this.#options
    let ack: Ack | undefined
    try {
      ack = await this.#pushed(await this.#processed(elements), sink)
    } catch (error) {
      await this.#settle(settle, false)
      throwIfAborted(signal)
      if (!this.#input.redelivers) throw error
      this.#failed++
      return
    }
    this.#batches++
    if (!ack || sink.durable || !this.#input.redelivers) return this.#settle(settle, true)
    const unsettled = ack.receipt
      .committed()
      .then(
        () => this.#settle(settle, true),
        () => this.#settle(settle, false),
      )
      .finally(() => this.#unsettled.delete(unsettled))
    this.#unsettled.add(unsettled)
  }

  async #processed(elements: readonly T[]): Promise<unknown[]> {
    const { attempts, signal, clock } = this.#options
    let failure: unknown
    const attempt = async (): Promise<unknown[]> => {
      const results: unknown[] = []
      try {
        for (const element of elements) results.push(await this.#process(element))
      } catch (error) {
        this.#tell(error)
        failure = error
        throw new SluiceError('unavailable', 'The process failed', { cause: error })
      }
      return results
    }
    try {
      return await retry(attempt, { attempts, signal, clock })
    } catch {
      throwIfAborted(signal)
      throw failure
    }
  }

  async #pushed(results: readonly unknown[], sink: SinkReplica): Promise<Ack | undefined> {
    try {
      return await sink.push(results, { signal: this.#options.signal })
    } catch (error) {
      this.#tell(error)
      throw error
    }
  }

  /** A source that does not hear it gives the batch again. */
  async #settle(settle: InputBatch<T>['settle'], success: boolean): Promise<void> {
    try {
      await settle(success)
    } catch (error) {
      this.#tell(error)
    }
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error)
    } catch {
      // It is told, and not asked.
    }
  }
}
