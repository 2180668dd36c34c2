import { fromUtf8Strict } from '../../core/bytes.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { parseJson } from '../../core/parse-json.ts'
import type { KafkaMessage } from './kafka-consumer.ts'
import type { KafkaRunSettings } from './kafka-run-settings.ts'
import type { PartitionState } from './partition-state.ts'

/** Puts the next message of a partition into the sink. Answers whether it was the next one, and throws what ends the run. */
export function takeMessage(
  message: KafkaMessage,
  state: PartitionState,
  { sink, onProcessingError }: KafkaRunSettings,
  isJson: boolean,
): boolean {
  const { key, headers, topic, partition, timestamp, offset } = message
  if (state.next === undefined || offset < state.next) return false
  try {
    const value = isJson ? jsonOf(message.value) : message.value
    sink.add({ value, key, timestamp, headers, topic, partition, offset })
  } catch (cause) {
    const error = withPlace(cause, message)
    if (onProcessingError?.(error, message) !== true) throw error
  }
  state.next = offset + 1n
  state.leaderEpoch = message.leaderEpoch
  return true
}

/** A message without a value, a tombstone, is `null`. */
function jsonOf(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return null
  const text = fromUtf8Strict(value)
  if (text !== undefined) return parseJson(text)
  throw new SluiceError('invalid-record', 'The value is not UTF-8')
}

function withPlace(error: unknown, { topic, partition, offset }: KafkaMessage): Error {
  if (!isSluiceError(error)) return error as Error
  const place = `Message ${offset} of partition ${partition} of "${topic}"`
  return new SluiceError(error.code, `${place}: ${error.message}`, { cause: error })
}
