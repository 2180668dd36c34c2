/**
 * As much of a `Consumer` of `@platformatic/kafka` as is needed here, by shape: so a consumer of another copy or a later release will do.
 * @see https://github.com/platformatic/kafka/blob/main/docs/consumer.md
 */
export interface KafkaConsumer {
  /** What the group is asked for when it is joined. */
  readonly topics: {
    trackAll(...topics: string[]): unknown
    untrackAll(...topics: string[]): unknown
  }
  /** `null` before the group was joined. */
  readonly assignments: readonly KafkaAssignment[] | null
  joinGroup(): Promise<unknown>
  leaveGroup(force?: boolean): Promise<void>
  close(force?: boolean): Promise<void>
  consume(options: KafkaConsumeOptions): Promise<KafkaStream>
  commit(options: { offsets: KafkaOffset[] }): Promise<void>
  listOffsets(options: { topics: string[]; timestamp: bigint }): Promise<KafkaOffsets>
  listCommittedOffsets(options: { topics: KafkaPartitions[] }): Promise<KafkaOffsets>
  metadata(options: { topics: string[]; forceUpdate: true }): Promise<KafkaMetadata>
  on(event: string, listener: (detail: never) => void): unknown
  removeListener(event: string, listener: (detail: never) => void): unknown
}

export interface KafkaAssignment {
  readonly topic: string
  readonly partitions: readonly number[]
}

interface KafkaPartitions {
  topic: string
  partitions: number[]
}

export interface KafkaOffset {
  topic: string
  partition: number
  offset: bigint
  leaderEpoch: number
}

export interface KafkaMetadata {
  readonly topics: ReadonlyMap<string, { readonly id: string }>
}

/** By topic and partition; below 0 where there is none. */
export type KafkaOffsets = Map<string, bigint[]>

export interface KafkaConsumeOptions {
  topics: string[]
  autocommit: false
  mode: 'manual'
  fallbackMode: 'fail'
  maxBytes: number
  maxWaitTime: number
  offsets: { topic: string; partition: number; offset: bigint }[]
}

export interface KafkaStream {
  on(event: 'data', listener: (message: KafkaMessage) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  /** A request for messages is over, well or not. */
  on(event: 'fetch', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  close(): Promise<void>
  destroy(): unknown
}

export interface KafkaMessage {
  readonly key: unknown
  readonly value: unknown
  readonly headers: ReadonlyMap<unknown, unknown>
  readonly topic: string
  readonly partition: number
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly offset: bigint
  /** Of the batch that it came in. @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-320 */
  readonly leaderEpoch: number
}
