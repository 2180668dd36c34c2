/** `sluice/kafka`: topics into a `FileSink` of `sluice/quix-streams`, over `@platformatic/kafka`; see docs/coming-from/quix-streams.md. */
export type { AutoOffsetReset } from './find-positions.ts'
export type {
  KafkaAssignment,
  KafkaConsumeOptions,
  KafkaConsumer,
  KafkaMessage,
  KafkaMetadata,
  KafkaOffset,
  KafkaOffsets,
  KafkaStream,
} from './kafka-consumer.ts'
export type {
  AssignedEvent,
  CommittedEvent,
  FailedEvent,
  FencedEvent,
  KafkaSinkEvent,
  PartitionOffset,
  PausedEvent,
  SkippedEvent,
} from './kafka-sink-event.ts'
export { type RunKafkaSinkOptions, runKafkaSink } from './run-kafka-sink.ts'
