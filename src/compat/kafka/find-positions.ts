import { SluiceError } from '../../core/errors.ts'
import { limiter } from '../../core/limiter.ts'
import type { TopicPartition } from '../quix-streams/index.ts'
import { checkTopics } from './check-topics.ts'
import type { KafkaConsumer, KafkaOffset, KafkaOffsets } from './kafka-consumer.ts'
import type { KafkaSources } from './kafka-sources.ts'
import { byTopic, type PartitionState } from './partition-state.ts'

/** Where to begin without an offset, and where the one that there is has left the topic. */
export type AutoOffsetReset = 'earliest' | 'latest' | 'error'

/** Timestamps by which ListOffsets answers with the ends. @see https://kafka.apache.org/protocol.html */
const EARLIEST = -2n
const LATEST = -1n
/** Of no message. */
const UNKNOWN_EPOCH = -1
/** Folders that are looked at at once. */
const CONCURRENCY = 4

interface Found {
  readonly state: PartitionState
  readonly next: bigint | undefined
  /** What the group has committed, and the topic may have. */
  readonly group: bigint | undefined
  /** Its last file ends behind what the topic was seen to hold. */
  readonly isAhead: boolean
}

/** Where a partition is begun that has no position, or one that the topic no longer has. */
interface Start {
  readonly to: bigint
  /** The group has it already. */
  readonly isCommitted: boolean
}

/**
 * Gives each partition that has no position one: exactly once, where its last file ends; else what the group has committed. Then moves those that the topic no longer
 * has, as `reset` says. Such a start is committed at once: whoever takes the partition over before its first file would begin at another `latest`.
 *
 * Errors: `conflict` for a topic that was made anew, and for a file that ends behind the topic; `not-found` where `reset` is `error`; those of `FileSink.resume`.
 */
export async function findPositions(
  partitions: readonly PartitionState[],
  reset: AutoOffsetReset,
  sources: KafkaSources,
): Promise<void> {
  if (partitions.length === 0) return
  const { consumer, sink, ask, tell } = sources
  await checkTopics(partitions, sources)
  const unknown = partitions.filter(({ next }) => next === undefined)
  const topics = byTopic(partitions).map(({ topic }) => topic)
  const committed =
    unknown.length === 0
      ? new Map()
      : await ask(() => consumer.listCommittedOffsets({ topics: byTopic(unknown) }))
  const earliest = await ask(() => consumer.listOffsets({ topics, timestamp: EARLIEST }))
  const latest = await ask(() => consumer.listOffsets({ topics, timestamp: LATEST }))

  const inTurn = limiter(CONCURRENCY)
  const finding = partitions.map(async (state): Promise<Found> => {
    const { next } = state
    if (next !== undefined) return { state, next, group: undefined, isAhead: false }
    const offset = offsetOf(committed, state)
    const last = offsetOf(latest, state) ?? 0n
    // One behind the end is of a topic of the same name that is gone.
    const group = offset !== undefined && offset <= last ? offset : undefined
    const end = sink.exactlyOnce
      ? await inTurn(() => sink.resume(state, { committed: group, topicId: state.topicId }))
      : undefined
    return { state, next: end ?? group, group, isAhead: end !== undefined && end > last }
  })
  // All of them, though one fails: what is resumed later forgets what is read by then.
  const found: Found[] = []
  for (const outcome of await Promise.allSettled(finding)) {
    if (outcome.status === 'rejected') throw outcome.reason
    found.push(outcome.value)
  }
  await checkAhead(found, consumer, ask)
  const starts = new Map<PartitionState, Start>()
  for (const { state, next, group } of found) {
    const first = offsetOf(earliest, state) ?? 0n
    if (next !== undefined && next >= first) continue
    // One behind the last file is a start whose first file was not written.
    const isCommitted = group !== undefined && group >= first
    const to = isCommitted ? group : startOf(state, reset, first, offsetOf(latest, state) ?? first)
    starts.set(state, { to, isCommitted })
  }
  await commitStarts(starts, sources)
  for (const { state, next } of found) {
    const { topic, partition } = state
    const to = starts.get(state)?.to ?? next ?? 0n
    if (next !== undefined && to !== next)
      tell({ type: 'skipped', topic, partition, from: next, to })
    // A start is committed, and what was read before it is gone from the topic.
    if (state.next === undefined || starts.has(state)) state.safe = to
    state.next = to
  }
}

async function commitStarts(
  starts: ReadonlyMap<PartitionState, Start>,
  { consumer, ask }: KafkaSources,
): Promise<void> {
  const offsets: KafkaOffset[] = []
  for (const [{ topic, partition }, { to, isCommitted }] of starts) {
    if (!isCommitted) offsets.push({ topic, partition, offset: to, leaderEpoch: UNKNOWN_EPOCH })
  }
  if (offsets.length > 0) await ask(() => consumer.commit({ offsets }))
}

/** A file that ends behind the topic may be of messages that came after the topic was asked: whoever wrote it is still at it. So it is asked again. */
async function checkAhead(
  found: readonly Found[],
  consumer: KafkaConsumer,
  ask: KafkaSources['ask'],
): Promise<void> {
  const ahead = found.filter(({ isAhead }) => isAhead)
  if (ahead.length === 0) return
  const topics = byTopic(ahead.map(({ state }) => state)).map(({ topic }) => topic)
  const latest = await ask(() => consumer.listOffsets({ topics, timestamp: LATEST }))
  for (const { state, next = 0n } of ahead) {
    const last = offsetOf(latest, state) ?? 0n
    if (next > last) throw behindTopic(state, next, last)
  }
}

function startOf(
  state: TopicPartition,
  reset: AutoOffsetReset,
  first: bigint,
  last: bigint,
): bigint {
  if (reset === 'earliest') return first
  if (reset === 'latest') return last
  throw new SluiceError(
    'not-found',
    `Where to begin in partition ${state.partition} of "${state.topic}" is not known, or no longer there, and autoOffsetReset is "error"`,
  )
}

function offsetOf(offsets: KafkaOffsets, { topic, partition }: TopicPartition): bigint | undefined {
  const offset = offsets.get(topic)?.[partition]
  return offset !== undefined && offset >= 0n ? offset : undefined
}

function behindTopic({ topic, partition }: TopicPartition, end: bigint, last: bigint): SluiceError {
  const message = `The files of partition ${partition} of "${topic}" end at ${end}, and it ends at ${last}: was the topic made anew? Use a directory of its own`
  return new SluiceError('conflict', message, { retryable: false })
}
