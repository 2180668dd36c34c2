import { customAlphabet, nanoid } from 'nanoid'
import type {
  Clock,
  Format,
  Log,
  Receipt,
  Row,
  Schema,
  Sink,
  SinkEvent,
  SinkStatus,
  StandardSchemaLike,
  Store,
} from '../contracts/index.ts'
import { systemClock } from '../core/clock.ts'
import { SluiceError } from '../core/errors.ts'
import { memoryLog } from '../logs/memory.ts'
import { checkSinkOptions } from './check-options.ts'
import { type Drift, saidColumns } from './intake/columns/columns.ts'
import { teller } from './observer.ts'
import { budgetOf, DEFAULT_MEMORY_BYTES, DEFAULT_PENDING_BYTES } from './policy/budget.ts'
import { Deadlines } from './policy/deadlines.ts'
import type { OpenFile } from './policy/explain.ts'
import { FileNames } from './policy/file-names.ts'
import { DEFAULT_NAME } from './policy/name.ts'
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
   * Sinks that write one stream side by side have different shards. The same characters. Default `0` with a log that outlives the
   * process, and so remembers the positions that were used; with one in memory a random word, since each process counts from 0.
   */
  readonly shard?: string | undefined
  /** See `nameTemplate`. Default `{stream}/{partition}/{shard}-{schema}-{begin:19}-{end:19}.{ext}`, UTC. */
  readonly name?: string | undefined
  /**
   * What `{uuid}` in a name is: 126 random bits as 21 characters of nanoid, or as a UUID of version 4, which pages have only in a
   * secure context. Default `nanoid`.
   */
  readonly fileIds?: 'nanoid' | 'uuid' | undefined
  readonly partition?: Partition<R> | undefined
  readonly rotate?: Rotate | undefined
  /**
   * What a record must be: columns (a `Schema`), or a Standard Schema validator (zod, valibot, arktype …), whose output is
   * what is written. Without columns, each file's are inferred from all of its records. Where the validator says by Standard JSON
   * Schema what it gives out, a column has that type in each file all of whose records fit it; `schemaOf` of `sluice/schemas` makes
   * declared columns of it.
   */
  readonly schema?: Schema | StandardSchemaLike | undefined
  /**
   * What becomes of records that the columns of `schema` have no place for. A missing value is `null` where its column may be;
   * beyond that, `reject` refuses them; `rest` keeps what has no column in a `json` column `_rest`, and takes text that is exactly
   * a value of its column's type; `evolve` writes them under wider columns, as files of their own (32 kinds and 1,000 columns at
   * most). What neither takes is rejected. Default `reject`: of what nobody has declared, nobody knows what it means.
   */
  readonly drift?: Drift | undefined
  /** Where records wait for their file. Default: a `memoryLog()`, which a crash empties. */
  readonly log?: Log<R> | undefined
  /**
   * Files that are open at once; beyond, the largest is cut. Default 1,000: each costs about a kilobyte beside its records, and with
   * more of them the log would hold too little of each for a file worth having.
   */
  readonly maxOpenFiles?: number | undefined
  /**
   * What the sink may hold in memory: writes that wait, rows in a log that lies in memory, and what publishing needs, see `budgetOf`.
   * Beyond, the largest file is cut, `write` waits, and then fails with `slow-down`. Rows count as their size in JSON. In a
   * log in memory they take about that where a write brings eight to a lane that have the same keys without lists and objects, and down to
   * half of it where it brings hundreds, up to 65,536; else two to three times that, as JavaScript objects. Default 64 MiB.
   */
  readonly memoryBytes?: number | undefined
  /**
   * Size, as JSON, of what may wait in the log before `write` waits too. When half of a log on a disk is in no file yet, the largest file is
   * cut, and published while the other half takes what comes. Default 128 MiB; for a log in memory, see `memoryBytes`.
   */
  readonly maxPendingBytes?: number | undefined
  /** A larger record is rejected. Size as JSON; default 1 MiB, and never more than `memoryBytes` has room for. */
  readonly maxRecordBytes?: number | undefined
  /**
   * Whether files become visible by the stream's manifest, for readers that take their list of files from it (`readManifest` of
   * `sluice/manifest`): what one `flush` cuts all at once, and what several sinks write side by side in one order. All writers of
   * the stream have it, with shards of their own. Default `false`: a file is visible when it is there.
   */
  readonly manifest?: boolean | undefined
  /**
   * The name of a job's run, 1 to 200 characters, with `manifest`: its files become visible together when the sink is closed, and
   * take the place of what an earlier run of that name made visible, and of nothing else. Dead letters are not part of it. Until
   * then `flush` sends files to the store and answers none of them. With a log that outlives the process, a run that was cut off
   * goes on under its name, and no other begins before it was closed: what is written to it again is there twice, but for what
   * has the number of a producer's request (see `SinkWriteOptions`). One that finds all of its records kept, by the sequences of its
   * producers, changes nothing. One that goes on in a producer's epoch of which files are visible, of this run or another, adds to them and
   * removes none, also when it was cut off meanwhile: a producer that writes a run anew raises its epoch.
   */
  readonly run?: string | undefined
  /**
   * Whether the sink tries, when it opens, if the bucket only creates what is to be only created: three small requests under
   * `{stream}/.sluice-probe`, which no write waits for. Default `true`. Give it up where the store is known, such as a binding to
   * R2, and the sink is opened often.
   */
  readonly probe?: boolean | undefined
  /** Told what happens, as it happens. What it throws changes nothing. */
  readonly onEvent?: ((event: SinkEvent) => void) | undefined
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
  /** For each open file, why it is still open and what will close it. What `write` has not answered yet is not in it. */
  explain(): Promise<readonly OpenFile[]>
  /** What is not visible yet, in figures. All 0 before the sink is open. */
  status(): SinkStatus
}

/** 47 bits: names meet once in ten million processes of one stream, and the sink then stops rather than overwrite. */
const randomShard = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 9)

const newIdOf = { nanoid: () => nanoid(), uuid: () => crypto.randomUUID() } as const

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
  const { shard = log.inMemory ? randomShard() : '0' } = options
  const { maxPendingBytes = DEFAULT_PENDING_BYTES, maxRecordBytes = 1024 * 1024 } = options
  const { memoryBytes = DEFAULT_MEMORY_BYTES, maxOpenFiles = 1000, schema } = options
  const { inMemory } = log
  const { manifest = false, run } = options
  if (manifest && !options.store.capabilities.conditionalPut) {
    throw new SluiceError(
      'not-supported',
      `createSink: a manifest needs conditional writes, which this store (${options.store.kind}) does not have`,
    )
  }
  for (const [name, word] of Object.entries({ stream, shard })) {
    if (!WORD.test(word) || word.length > 200) {
      throw new SluiceError(
        'invalid-options',
        `The ${name} "${word.slice(0, 200)}" may hold letters, digits, "-", "_" and inner dots, 200 at most`,
      )
    }
  }
  return new SinkMachine<R>({
    store: options.store,
    probe: options.probe ?? true,
    manifest,
    run,
    encodings: new Encodings(options.format, options.earlierFormats ?? [], saidColumns(schema)),
    format: options.format,
    stream,
    shard,
    clock,
    budget: budgetOf({ memoryBytes, maxPendingBytes, maxRecordBytes, inMemory }),
    schema,
    drift: options.drift ?? 'reject',
    log,
    names: new FileNames(options.name ?? DEFAULT_NAME, newIdOf[options.fileIds ?? 'nanoid']),
    partitioner: partitioner(options.partition),
    rotation: new Rotation(options.rotate),
    deadlines: new Deadlines(options.rotate),
    maxOpenFiles,
    tell: teller(options.onEvent),
  })
}
