import type { Clock } from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { FileSink } from '../quix-streams/index.ts'
import type { AutoOffsetReset } from './find-positions.ts'
import type { KafkaConsumer, KafkaMessage } from './kafka-consumer.ts'
import { KafkaRun } from './kafka-run.ts'
import type { KafkaSinkEvent } from './kafka-sink-event.ts'
import { ownConsumer } from './own-consumer.ts'

interface RunOptions {
  readonly topics: string | readonly string[]
  /** `fileSink()` of `sluice/quix-streams`, of this run alone. */
  readonly sink: FileSink
  /** Where the consumer group has no offset, and no file says where to go on; the group then has that offset. Default `latest`, as in Quix. */
  readonly autoOffsetReset?: AutoOffsetReset | undefined
  /** How long after the last commit the next one is. Default 5,000 ms. */
  readonly commitIntervalMs?: number | undefined
  /** After how many messages it comes earlier. Default 0: never. It comes earlier in any case when the sink is full. */
  readonly commitEvery?: number | undefined
  /** Called with a message that cannot be written, and why. `true` leaves it out; anything else ends the run with the error. Default: the latter. */
  readonly onProcessingError?: ((error: Error, message: KafkaMessage) => boolean) | undefined
  readonly onEvent?: ((event: KafkaSinkEvent) => void) | undefined
  /** Ends the run, after a last commit. */
  readonly signal?: AbortSignal | undefined
  /** For the commit interval and all waits. */
  readonly clock?: Clock | undefined
}

/** With a consumer made here: values are JSON, and keys bytes. */
interface BrokersOptions {
  /** Such as `localhost:9092`. */
  readonly brokers: string | readonly string[]
  /** The consumer group. */
  readonly groupId: string
  readonly consumer?: undefined
}

/** With a consumer of one's own, for SASL, TLS, deserialisers and the like. */
interface ConsumerOptions {
  /**
   * A `Consumer` of `@platformatic/kafka`, of this run alone. It is not closed, and its event `error` is heard as long as the run lasts: closed
   * while it joins a group again it has another one, which ends a process that does not listen.
   */
  readonly consumer: KafkaConsumer
  readonly brokers?: undefined
  readonly groupId?: undefined
}

export type RunKafkaSinkOptions = RunOptions & (BrokersOptions | ConsumerOptions)

const BROKER = /^[^@\s/]+$/

const OPTIONS: OptionNames<RunKafkaSinkOptions> = {
  topics: true,
  sink: true,
  autoOffsetReset: true,
  commitIntervalMs: true,
  commitEvery: true,
  onProcessingError: true,
  onEvent: true,
  signal: true,
  clock: true,
  brokers: true,
  groupId: true,
  consumer: true,
}

/**
 * Consumes topics into a `FileSink`, as Quix Streams' `Application` does: at each commit the files are written, and then their offsets
 * committed. Any number of processes may share a group; partitions move between them.
 *
 * Guaranteed: each message that was read is in a file before its offset is committed, so at least once; with a sink that is `exactlyOnce`, in exactly one file,
 * whatever crashes and however often partitions move. A partition is then read from where its last file ends, on assignment and
 * after another consumer's file was met; offsets of the group are written, and only read where there is no file, or where the last one ends before the topic begins.
 * Only committed transactions are read.
 *
 * When the sink says `slow-down`, what was not written is forgotten, nothing is read for as long as it says, and then from there on again. Kafka's failures
 * are tried again, with growing waits, eight times in a row; what it refuses, by credentials or an ACL, is not.
 *
 * Not guaranteed: that a message is still there when it is to be read; `skipped` tells of those that are not.
 *
 * Resolves when `signal` fires and the last commit was made; the consumer has then left the group, or leaves it as soon as it has joined, where it was about to. Where the group is just being given out anew there can be none:
 * `failed` tells of it, and the next owner of its partitions goes on from the commit before. Errors: what a message or the sink fails
 * with, whatever was written by then; `unavailable` for Kafka, `unauthenticated` for credentials that a broker refuses, `permission-denied` for topics or a group that they may not read; `conflict` for a topic
 * that was made anew while it was read, and, exactly once, for files of another one of its name; `not-found` where `autoOffsetReset` is `error`; `invalid-options`;
 * `not-supported` for a consumer of the group protocol `consumer`, and without the package `@platformatic/kafka`, where `brokers` needs it.
 */
export async function runKafkaSink(options: RunKafkaSinkOptions): Promise<void> {
  checkOptionNames('runKafkaSink', options, OPTIONS)
  const { autoOffsetReset = 'latest', commitIntervalMs = 5000, commitEvery = 0 } = options
  const { sink, onProcessingError, onEvent, signal, clock = systemClock } = options
  const topics = namesOf(options.topics)
  if (!topics) throw invalid('topics must name one topic or more')
  if (typeof sink?.setup !== 'function' || typeof sink.flush !== 'function') {
    throw invalid('sink must be a fileSink() of sluice/quix-streams')
  }
  if (!['earliest', 'latest', 'error'].includes(autoOffsetReset)) {
    const given = JSON.stringify(autoOffsetReset)
    throw invalid(`autoOffsetReset must be "earliest", "latest" or "error", not ${given}`)
  }
  if (!(commitIntervalMs > 0)) throw invalid(`commitIntervalMs must be above 0`)
  if (!(Number.isSafeInteger(commitEvery) && commitEvery >= 0)) {
    throw invalid('commitEvery must be a whole number of messages')
  }
  if ((options.brokers === undefined) === (options.consumer === undefined)) {
    throw invalid('Either brokers or a consumer must be given')
  }
  const brokers = namesOf(options.brokers, ',')
  if (options.brokers !== undefined) {
    // They are not repeated: who takes them for URLs may have put a password in.
    if (!brokers?.every((broker) => BROKER.test(broker))) {
      throw invalid(
        'brokers must be one or more of host:port, without a user: for SASL, give a consumer',
      )
    }
    if (!namesOf(options.groupId)) throw invalid('groupId must name the consumer group')
  }
  const settings = {
    ...{ topics, sink, reset: autoOffsetReset, commitIntervalMs, commitEvery },
    ...{ onProcessingError, onEvent, signal, clock },
  }
  if (options.consumer) return new KafkaRun(options.consumer, settings, false).run()
  const consumer = await ownConsumer(brokers as string[], options.groupId)
  try {
    await new KafkaRun(consumer, settings, true).run()
  } finally {
    await consumer.close(true).catch(() => {})
  }
}

/** `undefined` for what is no text, or list of texts, or holds an empty one. */
function namesOf(given: unknown, separator?: string): string[] | undefined {
  const names = typeof given === 'string' && separator ? given.split(separator) : given
  const list: unknown[] = Array.isArray(names) ? names : [names]
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== ''
  return list.length > 0 && list.every(isName) ? list : undefined
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid-options', message)
}
