import type { ObjectInfo } from '../../../contracts/index.ts'

/** What an object's metadata says of the messages in it. */
export interface FileMarks {
  /** Random: by it a write whose answer was lost knows its own. */
  readonly id: string
  /** The offset behind its last message. */
  readonly end: bigint
  /** Offset and time of its first message. */
  readonly start: string
  /** Of a chain: Kafka's id of the topic, where it is known. */
  readonly topicId?: string | undefined
}

const ID = 'sluice-file'
const END = 'sluice-end'
const START = 'sluice-start'
const TOPIC = 'sluice-topic'

export function metadataOf({ id, end, start, topicId }: FileMarks): Record<string, string> {
  const marks = { [ID]: id, [END]: String(end), [START]: start }
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

/** `undefined` where the object is none of a sink's. */
export function endOf({ metadata }: ObjectInfo): bigint | undefined {
  const end = metadata?.[END]
  return end !== undefined && /^\d{1,19}$/.test(end) ? BigInt(end) : undefined
}
