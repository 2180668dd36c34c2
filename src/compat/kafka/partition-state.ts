import type { TopicPartition } from '../quix-streams/index.ts'
import type { KafkaAssignment } from './kafka-consumer.ts'

/** Where a consumer stands in a partition that is its own. */
export interface PartitionState extends TopicPartition {
  /** The offset that is read next; `undefined` when that is to be found out. */
  next: bigint | undefined
  /** Where reading begins again when what waits is forgotten: behind what is in files, and not before the last start. */
  safe: bigint
  leaderEpoch: number
  /** Kafka's, by which a topic is told from another one that had its name; `undefined` where the broker has none. */
  topicId: string | undefined
  /** It was somebody else's meanwhile, or may have been. */
  lost: boolean
}

export function partitionName({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`
}

export function newPartition(topic: string, partition: number): PartitionState {
  return {
    ...{ topic, partition, next: undefined, safe: 0n },
    ...{ leaderEpoch: -1, topicId: undefined, lost: false },
  }
}

/** The partitions of an assignment by their names, of these topics alone. */
export function assignedPartitions(
  assignments: readonly KafkaAssignment[],
  topics: readonly string[],
): Map<string, TopicPartition> {
  const assigned = new Map<string, TopicPartition>()
  for (const { topic, partitions } of assignments) {
    if (!topics.includes(topic)) continue
    for (const partition of partitions) {
      assigned.set(partitionName({ topic, partition }), { topic, partition })
    }
  }
  return assigned
}

/** The other way round: by topic, as Kafka's requests have them. */
export function byTopic(
  partitions: Iterable<TopicPartition>,
): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const found = topics.get(topic)
    if (found) found.push(partition)
    else topics.set(topic, [partition])
  }
  return Array.from(topics, ([topic, of]) => ({ topic, partitions: of }))
}
