/** A message of a topic, as Quix Streams hands it to a sink. */
export interface SinkRecord {
  readonly value: unknown
  readonly key?: unknown
  /** Milliseconds since 1970. */
  readonly timestamp: number | bigint
  /** For formats of one's own: those of this package do not write them, as Quix's do not. */
  readonly headers?: unknown
  readonly topic: string
  readonly partition: number
  readonly offset: number | bigint
}

/** The same in its batch. */
export interface SinkItem {
  readonly value: unknown
  /** `null` where the message has none. */
  readonly key: unknown
  readonly timestamp: number
  readonly headers: unknown
  readonly offset: bigint
}

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}
