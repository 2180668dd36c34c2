import type { Clock } from '../../contracts/index.ts'
import type { FileSink } from '../quix-streams/index.ts'
import type { AutoOffsetReset } from './find-positions.ts'
import type { KafkaMessage } from './kafka-consumer.ts'
import type { KafkaSinkEvent } from './kafka-sink-event.ts'

/** The options of a run, checked, with their defaults. */
export interface KafkaRunSettings {
  readonly topics: readonly string[]
  readonly sink: FileSink
  readonly reset: AutoOffsetReset
  readonly commitIntervalMs: number
  readonly commitEvery: number
  readonly onProcessingError: ((error: Error, message: KafkaMessage) => boolean) | undefined
  readonly onEvent: ((event: KafkaSinkEvent) => void) | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}
