import type { Clock } from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { orAborted, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { DynamicSink, FixedPartitionedSink } from './outputs.ts'
import type { Recovery, RecoverySession } from './recovery/recovery.ts'
import { openDynamicOutput } from './run/dynamic-output.ts'
import { EpochTimer } from './run/epoch-timer.ts'
import { type Input, openInput } from './run/input.ts'
import type { Output, OutputSettings } from './run/output.ts'
import { openPartitionedOutput } from './run/partitioned-output.ts'
import type { SinkSource } from './sources.ts'

export interface RunSinkOptions {
  /** The name of the step, under which its states are kept. Default `out`. */
  readonly stepId?: string | undefined
  /** How many write at once, all in this process. Default 1. */
  readonly workers?: number | undefined
  /** How long an epoch lasts, from its first items on, in milliseconds; 0 makes one of each batch. Default 10,000. */
  readonly epochMs?: number | undefined
  /** Where snapshots are kept. Default: nowhere, so that every run begins anew. */
  readonly recovery?: Recovery | undefined
  /** Ends the run as an abrupt shutdown does, between two writes: it rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
}

const OPTIONS: OptionNames<RunSinkOptions> = {
  stepId: true,
  workers: true,
  epochMs: true,
  recovery: true,
  signal: true,
  clock: true,
}

export interface SinkRun {
  /** The first epoch of this run. */
  readonly resumeEpoch: number
  /** The last epoch that is complete; `resumeEpoch - 1` when nothing came. */
  readonly epoch: number
  /** How many items were written. */
  readonly items: number
}

/**
 * Reads a source to its end and writes what it gives to a sink, as a Bytewax dataflow with one output does, under the same rules of
 * routing, epochs and recovery.
 *
 * Guaranteed: an epoch is complete when all of it is written, each partition written in it has been asked for its snapshot, and those are kept
 * with the source's position, all at once. After any crash, the next run goes on behind the last epoch that is complete. So each item is
 * written at least once; and exactly once, as a reader of the output sees it, where the sink drops at its building what its state does not have: `FileSink`,
 * `DirSink`, `StoreSink` and yours do, a `DynamicSink` cannot. `snapshot` is never called after `close`, and `close` only after the
 * end of the input. A run that is still going on when another one opens the recovery ends with `fenced`.
 *
 * Not guaranteed: how items are cut into batches; order between partitions; that a key stays in its partition when the number of partitions changes.
 *
 * Errors: `invalid-options`, also for a sink that lists no partition, and for a state whose partition is not listed any more;
 * `invalid-record` for an item without a key; `fenced`; `aborted`; the recovery's; and what the source and the sink throw, as it is.
 */
export function runSink<V, S, P = undefined>(
  source: SinkSource<readonly [string, V], P>,
  sink: FixedPartitionedSink<V, S>,
  options?: RunSinkOptions,
): Promise<SinkRun>
export function runSink<X, P = undefined>(
  source: SinkSource<X, P>,
  sink: DynamicSink<X>,
  options?: RunSinkOptions,
): Promise<SinkRun>
export async function runSink(
  source: unknown,
  sink: unknown,
  options: RunSinkOptions = {},
): Promise<SinkRun> {
  const { stepId = 'out', workers = 1, epochMs = 10_000, recovery, signal } = options
  if ('resumeEpoch' in options) {
    const message =
      'runSink: resumeEpoch is an option of the recovery, as in storeRecovery(store, folder, { resumeEpoch })'
    throw new SluiceError('invalid-options', message)
  }
  checkOptionNames('runSink', options, OPTIONS)
  if (!(Number.isSafeInteger(workers) && workers >= 1)) {
    throw new SluiceError('invalid-options', `workers (${workers}) must be a whole number above 0`)
  }
  if (!(epochMs >= 0)) {
    throw new SluiceError('invalid-options', `epochMs (${epochMs}) must be 0 or more`)
  }
  if (recovery && typeof source !== 'function') {
    const message = `A run with a recovery reads from a position: give the source of the step "${stepId}" as a function of it`
    throw new SluiceError('invalid-options', message)
  }
  throwIfAborted(signal)
  // First of all: whoever runs this step elsewhere is fenced before a partition is built.
  const session = await recovery?.open(stepId)
  let input: Input | undefined
  try {
    const output = await openOutput(sink, { stepId, workers }, session)
    const position = session?.resume.source
    input = await openInput(source as SinkSource<unknown, unknown>, position, stepId)
    const { clock = systemClock } = options
    const timer = new EpochTimer(clock, epochMs)
    const result = await new Run(input, output, session, timer, signal).run()
    await session?.close()
    return result
  } catch (error) {
    // Not waited for: an async generator is let go when it has answered, which may be never.
    input?.cancel(error).catch(() => {})
    // What failed is the error to tell.
    await session?.close().catch(() => {})
    throw error
  }
}

async function openOutput(
  sink: unknown,
  settings: OutputSettings,
  session: RecoverySession | undefined,
): Promise<Output> {
  if (has(sink, 'listParts') && has(sink, 'buildPart')) {
    const partitioned = sink as FixedPartitionedSink<unknown, unknown>
    return openPartitionedOutput(partitioned, settings, session?.resume.parts ?? new Map())
  }
  if (has(sink, 'build')) return openDynamicOutput(sink as DynamicSink<unknown>, settings)
  throw new SluiceError(
    'invalid-options',
    `The sink of the step "${settings.stepId}" has neither listParts() and buildPart() nor build()`,
  )
}

function has(sink: unknown, method: string): boolean {
  return typeof (sink as Readonly<Record<string, unknown>> | null)?.[method] === 'function'
}

class Run {
  readonly #input: Input
  readonly #output: Output
  readonly #session: RecoverySession | undefined
  readonly #timer: EpochTimer
  readonly #signal: AbortSignal | undefined
  #epoch: number
  #items = 0
  #position: unknown
  /** Something has come since the last epoch ended. */
  #begun = false

  constructor(
    input: Input,
    output: Output,
    session: RecoverySession | undefined,
    timer: EpochTimer,
    signal: AbortSignal | undefined,
  ) {
    this.#input = input
    this.#output = output
    this.#session = session
    this.#timer = timer
    this.#signal = signal
    this.#epoch = session?.resume.epoch ?? 0
    this.#position = session?.resume.source
  }

  async run(): Promise<SinkRun> {
    const resumeEpoch = this.#epoch + 1
    try {
      // Where partitions begin, so that they can be gone back to; and that what an earlier run had prepared is visible.
      if (this.#output.dirty) {
        await this.#save()
        await this.#output.committed()
      }
      await this.#read()
      if (this.#begun) await this.#endEpoch()
      // What was made visible is said in the state, so that nobody looks for it again.
      if (this.#output.dirty) await this.#save()
      throwIfAborted(this.#signal)
      await this.#output.close()
      await this.#input.close?.()
    } finally {
      this.#timer.end()
    }
    return { resumeEpoch, epoch: this.#epoch, items: this.#items }
  }

  async #read(): Promise<void> {
    let reading: Promise<{ readonly items: readonly unknown[] | undefined }> | undefined
    for (;;) {
      reading ??= this.#next()
      const batch = await orAborted(Promise.race([reading, this.#timer.elapsed]), this.#signal)
      if (batch) {
        reading = undefined
        if (!batch.items) return
        if (batch.items.length > 0) await this.#write(batch.items)
        this.#position = await this.#input.snapshot()
        throwIfAborted(this.#signal)
      }
      if (!batch || this.#timer.due) await this.#endEpoch()
    }
  }

  async #write(items: readonly unknown[]): Promise<void> {
    this.#begun = true
    this.#timer.begin()
    await this.#output.write(items)
    this.#items += items.length
  }

  #next(): Promise<{ readonly items: readonly unknown[] | undefined }> {
    const next = async () => ({ items: await this.#input.nextBatch() })
    const reading = next()
    // It may fail while an epoch ends, and is heard of after that.
    reading.catch(() => {})
    return reading
  }

  async #endEpoch(): Promise<void> {
    this.#timer.end()
    this.#epoch++
    await this.#save()
    this.#begun = false
    await this.#output.committed()
  }

  async #save(): Promise<void> {
    const parts = await this.#output.snapshot()
    throwIfAborted(this.#signal)
    await this.#session?.save({ epoch: this.#epoch, source: this.#position, parts })
  }
}
