import { DurableObject } from 'cloudflare:workers'
import type { Bytes } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { type Limiter, limiter } from '../core/limiter.ts'
import { type IngestTarget, sinkTarget } from '../http/target.ts'
import {
  type DurableObjectLog,
  type DurableObjectStorageLike,
  durableObjectLog,
} from '../logs/durable-object.ts'
import { createSink } from '../sinks/create-sink.ts'
import { type R2BucketLike, r2Store } from '../stores/r2.ts'
import { type AlarmClock, type AlarmStorageLike, alarmClock } from './alarm-clock.ts'
import { parseStreams, sinkOptionsOf } from './environment.ts'
import { outcomeOf } from './outcome.ts'
import { report } from './report.ts'
import { readRequest } from './request-codec.ts'

/** What a shard uses of its `ctx`. */
export interface ShardContext {
  readonly storage: DurableObjectStorageLike &
    AlarmStorageLike & { readonly kv: KvLike; readonly sql: { readonly databaseSize: number } }
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

/** A Durable Object holds 10 GB. At this point it takes no more, whatever it is that fills it: rows, producers, receipts. */
const MAX_STORED_BYTES = 8 * 1000 ** 3

/** Writes that wait for their turn; each holds a connection, and its records are still with whoever sent them. */
const MAX_WAITING = 64

/**
 * One shard of a stream: a sink whose log is the object's own SQLite and whose timers are its alarm. What `write`
 * answered survives the object's eviction, and its files are published by its next life.
 *
 * Writes are read one at a time, so that a crowd of them is not in the object's memory. Its methods answer with an outcome as
 * a stream; call them through `shardTarget`.
 */
export class Shard extends DurableObject<ShardEnvironment> {
  readonly #log: DurableObjectLog
  readonly #clock: AlarmClock
  readonly #serial: Limiter = limiter(1)
  #waiting = 0
  #opening: Promise<IngestTarget> | undefined

  constructor(ctx: ShardContext, env: ShardEnvironment) {
    super(ctx, env)
    this.#log = durableObjectLog(ctx.storage)
    this.#clock = alarmClock(ctx.storage)
    // Whatever woke the object: files that an earlier life sealed are published, and its timers set again. What goes wrong
    // is told to the calls that follow.
    if (ctx.storage.kv.get('stream') !== undefined) this.#target().catch(report)
  }

  async write(stream: string, request: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>> {
    return outcomeOf(async () => {
      try {
        if (this.#waiting >= MAX_WAITING) throw slowDown('Too many writes wait', 1000)
        this.#waiting++
        return await this.#serial(() => this.#write(stream, request)).finally(() => this.#waiting--)
      } catch (error) {
        // One that was not read yet; of one that was, this changes nothing.
        await request.cancel().catch(() => {})
        throw error
      }
    })
  }

  async receipt(stream: string, id: string, waitMs: number): Promise<ReadableStream<Bytes>> {
    return outcomeOf(async () => (await this.#target(stream)).receipt(id, waitMs))
  }

  async flush(stream: string, waitMs: number | undefined): Promise<ReadableStream<Bytes>> {
    return outcomeOf(async () => (await this.#target(stream)).flush(waitMs))
  }

  async status(stream: string): Promise<ReadableStream<Bytes>> {
    return outcomeOf(async () => (await this.#target(stream)).status())
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

  async #write(stream: string, request: ReadableStream<Bytes>): Promise<unknown> {
    const { databaseSize } = this.ctx.storage.sql
    if (databaseSize > MAX_STORED_BYTES) throw slowDown('The log is full', 30_000)
    const target = await this.#target(stream)
    return target.write(await readRequest(request))
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
    const store = r2Store(this.env.BUCKET)
    const config = parseStreams(this.env.STREAMS, store)[stream]
    if (!config) {
      throw new SluiceError('not-found', `STREAMS no longer names "${stream}", whose log is kept`)
    }
    kv.put('stream', stream)
    const sink = createSink({
      stream,
      store,
      // What the binding can do is known, and an object that wakes often would ask again each time.
      probe: false,
      ...sinkOptionsOf(config),
      log: this.#log,
      clock: this.#clock,
      maxPendingBytes: MAX_PENDING_BYTES,
    })
    await sink.open()
    return sinkTarget(sink)
  }
}

function slowDown(why: string, retryAfterMs: number): SluiceError {
  return new SluiceError('slow-down', `${why}; nothing of this was kept, send it again later`, {
    retryAfterMs,
  })
}
