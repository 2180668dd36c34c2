import type { FileSink } from '../quix-streams/index.ts'
import type { KafkaConsumer } from './kafka-consumer.ts'
import type { KafkaSinkEvent } from './kafka-sink-event.ts'

/** What the parts of a run share. */
export interface KafkaSources {
  readonly consumer: KafkaConsumer
  readonly sink: FileSink
  /** Makes a request of Kafka: its failure is known as Kafka's, and tried again. */
  ask<T>(request: () => Promise<T>): Promise<T>
  tell(event: KafkaSinkEvent): void
}
