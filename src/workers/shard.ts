import { DurableObject } from 'cloudflare:workers'
import type { FileInfo, Progress } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import {
  type IngestAnswer,
  type IngestRequest,
  type IngestTarget,
  sinkTarget,
} from '../http/target.ts'
import {
  type DurableObjectLog,
  type DurableObjectStorageLike,
  durableObjectLog,
} from '../logs/durable-object.ts'
import { createSink } from '../sinks/create-sink.ts'
import { type R2BucketLike, r2Store } from '../stores/r2.ts'
import { type AlarmClock, type AlarmStorageLike, alarmClock } from './alarm-clock.ts'
import { everyFormat, formatOf, parseStreams } from './environment.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { report } from './report.ts'

/** What a shard uses of its `ctx`. */
export interface ShardContext {
  readonly storage: DurableObjectStorageLike & AlarmStorageLike & { readonly kv: KvLike }
}

export interface KvLike {
  get(key: string): unknown
  put(key: string, value: unknown): void
}

export interface ShardEnvironment {
  readonly BUCKET: R2BucketLike
  readonly STREAMS?: unknown
}

/** Size, as JSON, of what may wait in the log while the bucket does not answer, before writers are told to wait. */
const MAX_PENDING_BYTES = 1024 ** 3

/** A Durable Object holds 10 GB. At this point it takes no more, whatever it was told of sizes. */
const MAX_HELD_BYTES = 8 * 1000 ** 3

/**
 * One shard of a stream: a sink whose log is the object's own SQLite and whose timers are its alarm. What `write`
 * answered survives the object's eviction, and its files are published by its next life.
 *
 * Its methods answer with an `Outcome`; call them through `shardTarget`.
 */
export class Shard extends DurableObject<ShardEnvironment> {
  readonly #log: DurableObjectLog
  readonly #clock: AlarmClock
  #opening: Promise<IngestTarget> | undefined

  constructor(ctx: ShardContext, env: ShardEnvironment) {
    super(ctx, env)
    this.#log = durableObjectLog(ctx.storage)
    this.#clock = alarmClock(ctx.storage)
    // Whatever woke the object: files that an earlier life sealed are published, and its timers set again. What goes wrong
    // is told to the calls that follow.
    if (ctx.storage.kv.get('stream') !== undefined) this.#target().catch(report)
  }

  async write(stream: string, request: IngestRequest): Promise<Outcome<IngestAnswer>> {
    return outcomeOf(async () => {
      if (this.#log.heldBytes() > MAX_HELD_BYTES) {
        throw new SluiceError(
          'slow-down',
          'The log is full; nothing of this was kept, send it again later',
          {
            retryAfterMs: 30_000,
          },
        )
      }
      return (await this.#target(stream)).write(request)
    })
  }

  async receipt(stream: string, id: string, waitMs: number): Promise<Outcome<Progress>> {
    return outcomeOf(async () => (await this.#target(stream)).receipt(id, waitMs))
  }

  async flush(stream: string): Promise<Outcome<readonly FileInfo[]>> {
    return outcomeOf(async () => (await this.#target(stream)).flush())
  }

  override async alarm(): Promise<void> {
    await this.#clock.fire({
      open: async () => {
        await this.#target().catch((error: unknown) => {
          report(error)
          throw error
        })
      },
      isDone: () => this.#log.heldBytes() === 0,
    })
  }

  #target(stream?: string): Promise<IngestTarget> {
    this.#opening ??= this.#open(stream).catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(given: string | undefined): Promise<IngestTarget> {
    const { kv } = this.ctx.storage
    // Kept, because an alarm does not say whose it is.
    const stream = String(kv.get('stream') ?? given)
    const config = parseStreams(this.env.STREAMS)[stream]
    if (!config) {
      throw new SluiceError('not-found', `STREAMS no longer names "${stream}", whose log is kept`)
    }
    kv.put('stream', stream)
    const sink = createSink({
      stream,
      store: r2Store(this.env.BUCKET),
      format: formatOf(config),
      earlierFormats: everyFormat(),
      log: this.#log,
      clock: this.#clock,
      partition: config.partition,
      rotate: config.rotate,
      maxPendingBytes: MAX_PENDING_BYTES,
    })
    await sink.open()
    return sinkTarget(sink)
  }
}
