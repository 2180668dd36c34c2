import { isSluiceError, orAborted, SluiceError } from '../../core/errors.ts'
import type { TopicPartition } from '../quix-streams/index.ts'
import { Bell } from './bell.ts'
import { FailureRow } from './failure-row.ts'
import { FileCommits } from './file-commits.ts'
import { findPositions } from './find-positions.ts'
import type { KafkaConsumer, KafkaMessage, KafkaStream } from './kafka-consumer.ts'
import { isLeftBehind, isRefusal, kafkaFailure } from './kafka-failure.ts'
import type { KafkaRunSettings } from './kafka-run-settings.ts'
import type { KafkaSinkEvent } from './kafka-sink-event.ts'
import type { KafkaSources } from './kafka-sources.ts'
import { openStream } from './open-stream.ts'
import {
  assignedPartitions,
  newPartition,
  type PartitionState,
  partitionName,
} from './partition-state.ts'
import { takeMessage } from './take-message.ts'

/** What Kafka failed with, and whether the group is to be joined again. */
interface Broken {
  readonly error: SluiceError
  readonly rejoin: boolean
}

/**
 * One consumer from joining its group to leaving it. Its life is a row of streams: each rebalance, pause and failure ends one, and the next one is read from
 * where this run stands, which it alone decides. So there is one way to seek, and what a stream does by itself when the group is joined is seen by nobody.
 */
export class KafkaRun {
  readonly #consumer: KafkaConsumer
  readonly #settings: KafkaRunSettings
  /** Whether values are bytes of JSON. */
  readonly #isJson: boolean
  readonly #partitions = new Map<string, PartitionState>()
  readonly #sources: KafkaSources
  readonly #commits: FileCommits
  readonly #bell = new Bell()
  #stream: KafkaStream | undefined
  /** What the stream still gives is not taken. */
  #halted = true
  /** Under way. */
  #joining: Promise<unknown> | undefined
  /** The group was joined since the last look at the assignment. */
  #joined = false
  #due = false
  #full = false
  /** Since the last commit. */
  #messages = 0
  readonly #failures = new FailureRow()
  #broken: Broken | undefined
  /** Why a message ends the run. */
  #fatal: { readonly error: unknown } | undefined

  constructor(consumer: KafkaConsumer, settings: KafkaRunSettings, isJson: boolean) {
    this.#consumer = consumer
    this.#settings = settings
    this.#isJson = isJson
    this.#sources = {
      ...{ consumer, sink: settings.sink },
      ask: (request) => this.#ask(request),
      tell: (event) => this.#tell(event),
    }
    this.#commits = new FileCommits(this.#sources)
  }

  async run(): Promise<void> {
    const { topics, sink, signal } = this.#settings
    const consumer = this.#consumer
    const onError = (error: Error): void => {
      this.#break(error, true)
    }
    const ring = (): void => {
      this.#bell.ring()
    }
    await sink.setup()
    consumer.on('consumer:group:join', this.#onJoin)
    // Without a listener it would end the process.
    consumer.on('error', onError)
    signal?.addEventListener('abort', ring)
    consumer.topics.trackAll(...topics)
    try {
      await this.#join()
      while (!signal?.aborted) {
        if (this.#broken) await this.#recover(this.#broken)
        else await this.#readUntilHalted()
      }
      await this.#end()
    } finally {
      this.#halted = true
      sink.onPaused()
      consumer.removeListener('consumer:group:join', this.#onJoin)
      consumer.topics.untrackAll(...topics)
      signal?.removeEventListener('abort', ring)
      const leave = async (): Promise<void> => {
        await consumer.leaveGroup(true).catch(() => {})
        consumer.removeListener('error', onError)
      }
      // A broker that answers nothing may do so for minutes: a group that is being joined is left then.
      if (this.#joining) this.#joining.catch(() => {}).then(leave)
      else await leave()
    }
  }

  /** The last commit. Where the group goes on without this consumer, whoever has its partitions now commits, from the last commit on. */
  async #end(): Promise<void> {
    try {
      if (this.#broken) throw this.#broken.error
      await this.#commit()
    } catch (error) {
      if (!(isSluiceError(error, 'unavailable') && isLeftBehind(error))) throw error
      this.#tell({ type: 'failed', error, attempts: this.#failures.attempts + 1 })
    }
  }

  readonly #onJoin = (): void => {
    const assigned = this.#assigned
    for (const [name, state] of this.#partitions) if (!assigned.has(name)) state.lost = true
    this.#joined = true
    this.#halt()
  }

  get #assigned(): Map<string, TopicPartition> {
    return assignedPartitions(this.#consumer.assignments ?? [], this.#settings.topics)
  }

  #halt(): void {
    this.#halted = true
    this.#bell.ring()
  }

  #break(error: unknown, rejoin: boolean): SluiceError {
    const broken = kafkaFailure(error)
    this.#broken = { error: broken, rejoin }
    this.#halt()
    return broken
  }

  /** Tells what Kafka fails with from what the sink does. */
  async #ask<T>(request: () => Promise<T>, rejoin = false): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw this.#break(error, rejoin)
    }
  }

  async #join(): Promise<void> {
    const { signal } = this.#settings
    const joining = this.#ask(() => this.#consumer.joinGroup(), true)
    this.#joining = joining.finally(() => {
      this.#joining = undefined
    })
    try {
      await orAborted(this.#joining, signal)
    } catch {
      return
    }
    if (this.#consumer.assignments) return
    const message = 'The consumer has no assignments: its groupProtocol must be "classic"'
    throw new SluiceError('not-supported', message)
  }

  /** Waits, longer each time, and joins again where that may help. What was refused will be refused again. */
  async #recover({ error, rejoin }: Broken): Promise<void> {
    const { clock, signal } = this.#settings
    const waitMs = this.#failures.add()
    this.#tell({ type: 'failed', error, attempts: this.#failures.attempts })
    if (waitMs === undefined || isRefusal(error)) throw error
    await clock.sleep(waitMs, signal).catch(() => {})
    this.#broken = undefined
    if (rejoin) await this.#join()
  }

  /** One stream, from its assignment to what ends it. */
  async #readUntilHalted(): Promise<void> {
    this.#joined = false
    try {
      await this.#assign()
      await this.#open()
      await this.#commitUntilHalted()
    } catch (error) {
      if (isSluiceError(error, 'slow-down')) await this.#pause(error)
      else if (error !== this.#broken?.error) throw error
    } finally {
      this.#halted = true
      await this.#stream?.close().catch(() => {})
      this.#stream = undefined
    }
  }

  async #assign(): Promise<void> {
    const assigned = this.#assigned
    for (const [name, state] of this.#partitions) {
      if (!state.lost && assigned.has(name)) continue
      this.#settings.sink.onPaused(state)
      this.#partitions.delete(name)
      this.#commits.forget(state)
    }
    for (const [name, { topic, partition }] of assigned) {
      if (!this.#partitions.has(name)) this.#partitions.set(name, newPartition(topic, partition))
    }
    const { reset } = this.#settings
    await findPositions([...this.#partitions.values()], reset, this.#sources)
  }

  async #open(): Promise<void> {
    const partitions = Array.from(this.#partitions.values(), ({ topic, partition, next = 0n }) => ({
      ...{ topic, partition, offset: next },
    }))
    this.#tell({ type: 'assigned', partitions })
    const open = () => openStream(this.#consumer, this.#settings.topics, partitions)
    // Who has no partitions waits for some.
    const stream = partitions.length > 0 ? await this.#ask(open) : undefined
    this.#stream = stream
    this.#failures.opened()
    // Whoever has joined meanwhile has other partitions.
    this.#halted = this.#joined || this.#broken !== undefined
    stream?.on('error', (error) => {
      if (stream === this.#stream) this.#break(error, false)
    })
    stream?.on('fetch', () => {
      if (stream === this.#stream) this.#failures.fetched()
    })
    stream?.on('data', (message) => {
      if (!this.#halted && stream === this.#stream) this.#take(message, stream)
    })
  }

  #take(message: KafkaMessage, stream: KafkaStream): void {
    const { sink, commitEvery } = this.#settings
    try {
      const state = this.#partitions.get(partitionName(message))
      if (!state || !takeMessage(message, state, this.#settings, this.#isJson)) return
    } catch (error) {
      this.#fatal = { error }
      this.#halt()
      return
    }
    this.#messages++
    const many = commitEvery > 0 && this.#messages >= commitEvery
    if (!many && sink.pendingBytes < sink.maxPendingBytes) return
    stream.pause()
    this.#full = true
    this.#bell.ring()
  }

  async #commitUntilHalted(): Promise<void> {
    const { sink, clock, commitIntervalMs, signal } = this.#settings
    let takeBack = (): void => {}
    const arm = (): void => {
      this.#due = false
      // What failed before this stream may still wait, and leave no room for its first message.
      this.#full = sink.pendingBytes >= sink.maxPendingBytes
      takeBack()
      takeBack = clock.schedule(clock.now() + commitIntervalMs, () => {
        this.#due = true
        this.#bell.ring()
      })
    }
    arm()
    try {
      while (!(this.#halted || signal?.aborted)) {
        if (this.#due || this.#full) {
          this.#stream?.pause()
          if (!(await this.#commit())) return
          arm()
          this.#stream?.resume()
        }
        await this.#bell.wait()
      }
    } finally {
      takeBack()
    }
    if (this.#fatal) throw this.#fatal.error
  }

  async #commit(): Promise<boolean> {
    const goesOn = await this.#commits.commit([...this.#partitions.values()])
    this.#failures.committed(this.#messages)
    this.#messages = 0
    return goesOn
  }

  /** Forgets what was not written, which frees its memory, and reads it again later. */
  async #pause(error: SluiceError): Promise<void> {
    const { sink, clock, signal } = this.#settings
    const { retryAfterMs = 0 } = error
    sink.onPaused()
    this.#messages = 0
    for (const state of this.#partitions.values()) {
      if (state.next !== undefined) state.next = state.safe
    }
    this.#halted = true
    await this.#stream?.close().catch(() => {})
    this.#tell({ type: 'paused', error, retryAfterMs })
    await clock.sleep(retryAfterMs, signal).catch(() => {})
  }

  #tell(event: KafkaSinkEvent): void {
    try {
      this.#settings.onEvent?.(event)
    } catch {
      // It is told, and not asked.
    }
  }
}
