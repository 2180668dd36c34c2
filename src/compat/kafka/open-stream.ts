import type { KafkaConsumer, KafkaStream } from './kafka-consumer.ts'
import type { PartitionOffset } from './kafka-sink-event.ts'

/** One answer of a broker: what the stream holds beside what waits in the sink. */
const MAX_FETCH_BYTES = 8 * 1024 * 1024
/** A closed stream's last request is answered after so long at most. */
const MAX_FETCH_WAIT_MS = 500

/** A stream that begins at these offsets, and neither moves nor commits any by itself. */
export function openStream(
  consumer: KafkaConsumer,
  topics: readonly string[],
  partitions: readonly PartitionOffset[],
): Promise<KafkaStream> {
  return consumer.consume({
    ...{ topics: [...topics], offsets: [...partitions] },
    ...({ mode: 'manual', fallbackMode: 'fail', autocommit: false } as const),
    ...{ maxBytes: MAX_FETCH_BYTES, maxWaitTime: MAX_FETCH_WAIT_MS },
  })
}
