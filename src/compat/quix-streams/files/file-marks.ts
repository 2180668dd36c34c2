import type { ObjectInfo } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { escapeSegment } from '../../../core/keys.ts'

/** What an object's metadata says of the messages in it. */
export interface FileMarks {
  /** Random: by it a write whose answer was lost knows its own. */
  readonly id: string
  /** The offset behind its last message. */
  readonly end: bigint
  /** Offset and time of its first message. */
  readonly start: string
  /** Its name: in the layout of Quix another one's files may lie in the same folder. */
  readonly topic: string
  /** Of a chain: Kafka's id of the topic, where it is known. */
  readonly topicId?: string | undefined
}

const ID = 'sluice-file'
const END = 'sluice-end'
const START = 'sluice-start'
const TOPIC = 'sluice-topic'
const TOPIC_NAME = 'sluice-topic-name'

export function metadataOf(of: FileMarks): Record<string, string> {
  const { id, end, start, topic, topicId } = of
  // As its folder is called in the plain layout: not every store keeps all characters.
  const name = escapeSegment(topic)
  const marks = { [ID]: id, [END]: String(end), [START]: start, [TOPIC_NAME]: name }
  return topicId === undefined ? marks : { ...marks, [TOPIC]: topicId }
}

export function idOf({ metadata }: ObjectInfo): string | undefined {
  return metadata?.[ID]
}

export function startOf({ metadata }: ObjectInfo): string | undefined {
  return metadata?.[START]
}

export function topicIdOf({ metadata }: ObjectInfo): string | undefined {
  return metadata?.[TOPIC]
}

/** `conflict` for a file of another topic, where it says its name. */
export function checkTopicName({ key, metadata }: ObjectInfo, topic: string): void {
  const other = metadata?.[TOPIC_NAME]
  const name = escapeSegment(topic)
  if (other === undefined || other === name) return
  const message = `"${key}" holds messages of the topic "${other}", and not of "${name}": use the layout "plain", or a directory for each`
  throw new SluiceError('conflict', message, { key, retryable: false })
}

/** `undefined` where the object is none of a sink's. */
export function endOf({ metadata }: ObjectInfo): bigint | undefined {
  const end = metadata?.[END]
  return end !== undefined && /^\d{1,19}$/.test(end) ? BigInt(end) : undefined
}
