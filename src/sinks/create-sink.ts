import { customAlphabet } from 'nanoid'
import type {
  Clock,
  Format,
  Log,
  Receipt,
  Row,
  Schema,
  Sink,
  StandardSchemaLike,
  Store,
} from '../contracts/index.ts'
import { systemClock } from '../core/clock.ts'
import { SluiceError } from '../core/errors.ts'
import { memoryLog } from '../logs/memory.ts'
import { checkSinkOptions } from './check-options.ts'
import { DEFAULT_NAME, nameTemplate } from './policy/name.ts'
import { type Partition, partitioner } from './policy/partition.ts'
import { type Rotate, Rotation } from './policy/rotation.ts'
import { Encodings } from './publish/encodings.ts'
import { SinkMachine } from './sink-machine.ts'

export interface SinkOptions<R = Row> {
  readonly store: Store
  readonly format: Format<R>
  /**
   * Formats that the stream had before. What is still in the log from then is published as what it was acknowledged for;
   * a format is told by its `extension`. Default: none, and `open` and `write` refuse a log that needs one.
   */
  readonly earlierFormats?: readonly Format<R>[] | undefined
  /** The first segment of every key: letters, digits, `-`, `_` and inner dots. Default `records`. */
  readonly stream?: string | undefined
  /**
   * Sinks that write one stream side by side have different shards. The same characters. Default `0` with a log of the
   * caller's, which remembers the positions that were used; without one a random word, since each process counts from 0.
   */
  readonly shard?: string | undefined
  /** See `nameTemplate`. Default `{stream}/{partition}/{shard}-{schema}-{begin:19}-{end:19}.{ext}`, UTC. */
  readonly name?: string | undefined
  readonly partition?: Partition<R> | undefined
  readonly rotate?: Rotate | undefined
  /**
   * What a record must be: columns (a `Schema`), or a Standard Schema validator (zod, valibot, arktype …), whose output is
   * what is written. Without columns, each file's are inferred from all of its records.
   */
  readonly schema?: Schema | StandardSchemaLike | undefined
  /** Where records wait for their file. Default: a `memoryLog()`, which a crash empties. */
  readonly log?: Log<R> | undefined
  /** Size, as JSON, of what may wait in the log before `write` waits too. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined
  /** A larger record is rejected. Size as JSON; default 1 MiB. */
  readonly maxRecordBytes?: number | undefined
  readonly clock?: Clock | undefined
}

/** A sink that writes files to a store. */
export interface FileSink<R = Row> extends Sink<R> {
  /**
   * Opens the log, goes on publishing what an earlier process sealed, and sets the timers of what it left open.
   * `write` does it too; call it where there may be no write to come. Idempotent.
   *
   * Errors: `invalid-options` when the log holds records for a format that this sink was not given (see
   * `earlierFormats`), `invalid-key` when it holds some that the `name` can make no key for.
   */
  open(): Promise<void>
  /**
   * The receipt behind an id that this stream gave out. Throws `not-found` for a word that cannot be one; the receipt's
   * methods reject with it where the log has no such records.
   */
  receipt(id: string): Receipt
}

/** 47 bits: names meet once in ten million processes of one stream, and the sink then stops rather than overwrite. */
const randomShard = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 9)

const WORD = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

/**
 * Records in, files in a store: see `Sink` for what it guarantees.
 *
 * Files are cut by `rotate`, and their range and key go into the log before the first byte goes to the store; the object
 * is then only ever created (`ifNoneMatch: '*'`) and carries the file's id. So a crash anywhere is repaired by doing the
 * same again, and a record that was acknowledged by a durable log is in exactly one file. A store without conditional
 * writes gets the same file under the same key again instead: once, as long as one process writes the stream and shard.
 *
 * Errors: `invalid-options` at once for options that cannot work.
 */
export function createSink<R extends object = Row>(options: SinkOptions<R>): FileSink<R> {
  checkSinkOptions(options as unknown as SinkOptions<never>)
  const { stream = 'records', clock = systemClock, log = memoryLog<R>() } = options
  const { shard = options.log ? '0' : randomShard() } = options
  const { maxPendingBytes = 64 * 1024 * 1024, maxRecordBytes = 1024 * 1024 } = options
  for (const [name, word] of Object.entries({ stream, shard })) {
    if (!WORD.test(word) || word.length > 200) {
      throw new SluiceError(
        'invalid-options',
        `The ${name} "${word.slice(0, 200)}" may hold letters, digits, "-", "_" and inner dots, 200 at most`,
      )
    }
  }
  if (!(maxPendingBytes > 0) || !(maxRecordBytes > 0)) {
    throw new SluiceError('invalid-options', 'maxPendingBytes and maxRecordBytes must be above 0')
  }
  return new SinkMachine<R>({
    store: options.store,
    encodings: new Encodings(options.format, options.earlierFormats ?? [], options.schema),
    format: options.format,
    stream,
    shard,
    clock,
    maxPendingBytes,
    maxRecordBytes,
    schema: options.schema,
    log,
    name: nameTemplate(options.name ?? DEFAULT_NAME),
    partition: partitioner(options.partition),
    rotation: new Rotation(options.rotate),
  })
}
