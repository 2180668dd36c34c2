import { SluiceError } from '../../core/errors.ts'
import type { KafkaSources } from './kafka-sources.ts'
import { byTopic, type PartitionState } from './partition-state.ts'

/** Kafka's ids are random; one of zeros, or the name in its place, is a broker's that knows none (before 2.8). @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-516 */
const ID = /^(?!0{8}-0{4})[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Finds out which topics these partitions are of. `conflict` for one that was made anew while it was read. */
export async function checkTopics(
  partitions: readonly PartitionState[],
  { consumer, ask }: KafkaSources,
): Promise<void> {
  const names = byTopic(partitions).map(({ topic }) => topic)
  // What the client remembers may be of a topic that is gone.
  const { topics } = await ask(() => consumer.metadata({ topics: names, forceUpdate: true }))
  for (const state of partitions) {
    const id = topics.get(state.topic)?.id
    if (id === undefined || !ID.test(id)) continue
    if (state.topicId !== undefined && state.topicId !== id) {
      const message = `The topic "${state.topic}" was made anew while it was read`
      throw new SluiceError('conflict', message, { retryable: false })
    }
    state.topicId = id
  }
}
