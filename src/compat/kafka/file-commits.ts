import { isSluiceError } from '../../core/errors.ts'
import type { WrittenFile } from '../quix-streams/index.ts'
import type { KafkaOffset } from './kafka-consumer.ts'
import type { KafkaSources } from './kafka-sources.ts'
import type { PartitionState } from './partition-state.ts'

/** The commit phase: writes what waits, and then commits the offsets. */
export class FileCommits {
  readonly #sources: KafkaSources
  /** Offsets that Kafka has not been told. */
  readonly #uncommitted = new Map<PartitionState, KafkaOffset>()
  /** Files that no event has told of: Kafka may fail between the two. */
  #untold: WrittenFile[] = []

  constructor(sources: KafkaSources) {
    this.#sources = sources
  }

  /** Whoever has the partition now commits its offsets. */
  forget(partition: PartitionState): void {
    this.#uncommitted.delete(partition)
  }

  /**
   * Answers whether all partitions go on from where they are: one whose file was written by somebody else has no position. Partitions that can be written are,
   * and their offsets committed, before the failure of another is thrown.
   */
  async commit(partitions: readonly PartitionState[]): Promise<boolean> {
    const failures: unknown[] = []
    let fenced = false
    const { sink, tell } = this.#sources
    const flushing = partitions.map(async (state) => {
      try {
        for (const file of await sink.flush(state)) {
          this.#untold.push(file)
          // One of what waited since before a start ends behind it.
          if (file.end <= state.safe) continue
          state.safe = file.end
          const { topic, partition, leaderEpoch } = state
          this.#uncommitted.set(state, { topic, partition, offset: file.end, leaderEpoch })
        }
      } catch (error) {
        if (!isSluiceError(error, 'fenced')) {
          failures.push(error)
          return
        }
        fenced = true
        state.next = undefined
        tell({ type: 'fenced', topic: state.topic, partition: state.partition })
      }
    })
    await Promise.all(flushing)
    // What needs no patience is told first, before what Kafka fails with too: that may pass for harmless.
    const lasting = failures.find((error) => !isSluiceError(error, 'slow-down'))
    try {
      await this.#commitOffsets()
    } catch (error) {
      throw lasting ?? error
    }
    const files = this.#untold
    this.#untold = []
    if (files.length > 0) tell({ type: 'committed', files })
    const failure = lasting ?? failures[0]
    if (failure) throw failure
    return !fenced
  }

  async #commitOffsets(): Promise<void> {
    const { consumer, ask } = this.#sources
    const offsets: KafkaOffset[] = []
    for (const [state, committed] of this.#uncommitted) {
      // Below `safe` the group would go back before a start, which it has already.
      if (state.lost || committed.offset < state.safe) this.forget(state)
      else offsets.push(committed)
    }
    if (offsets.length === 0) return
    await ask(() => consumer.commit({ offsets }))
    this.#uncommitted.clear()
  }
}
