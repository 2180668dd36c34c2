import type {
  CommittedFile,
  LaneRange,
  Log,
  LogBatch,
  LogSession,
  LogState,
  Row,
  Rows,
  SealedFile,
  StoredFile,
  UploadProgress,
} from '../contracts/index.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'
import { appendBatch, savedRuns } from './durable-object-append.ts'
import {
  commitFiles,
  committedFiles,
  firstKnown,
  pendingFiles,
  readBlocks,
  saveProgress,
  sealFile,
  storeFiles,
} from './durable-object-files.ts'
import { findLane, lanePositions, migrate, openLanes } from './durable-object-schema.ts'
import { checkReach } from './refusals.ts'

/** The part of a Durable Object's `ctx.storage` that the log calls. The class must be a SQLite-backed one. */
export interface DurableObjectStorageLike {
  readonly sql: SqlLike
  transactionSync<T>(run: () => T): T
}

export type SqlValue = ArrayBuffer | string | number | null

export interface SqlLike {
  exec(query: string, ...bindings: unknown[]): { toArray(): Record<string, SqlValue>[] }
}

/** A log in a Durable Object, and what its shard asks besides. */
export interface DurableObjectLog<R extends object = Row> extends Log<R> {
  /**
   * About how many bytes of rows no visible file has yet. Exactly 0 when there are none: nothing is left to do for
   * whoever wakes the object.
   */
  heldBytes(): number
}

/**
 * A log in a Durable Object's SQLite.
 *
 * Guaranteed: what {@link Log} says. Each method is one `transactionSync`. A call resolves before the disk has
 * confirmed it, but the object's output gate holds back every answer and every request that leaves the object until
 * it has, so nobody can see an acknowledgement that a crash would take back
 * (https://blog.cloudflare.com/durable-objects-easy-fast-correct-choose-three/).
 *
 * Rows are kept in blocks of about a mebibyte, never one row each: Cloudflare bills rows written. A producer's last
 * answers, in one row, are kept for 7 days after them, those of the last 1,000 producers for longer, and the files that receipts are answered from for 90 days; both are dropped when
 * files are committed.
 *
 * Not guaranteed: that a producer which repeats a request after more than 7 days is recognised, where a thousand others came after it.
 */
export function durableObjectLog<R extends object = Row>(
  storage: DurableObjectStorageLike,
): DurableObjectLog<R> {
  const { sql } = storage
  storage.transactionSync(() => migrate(sql))
  // Counted here and measured at each commit: a scan of the table for every append would be billed.
  const held: Held = { bytes: measure(sql) }
  return {
    inMemory: false,
    async open() {
      const epoch = storage.transactionSync(() => {
        sql.exec('UPDATE meta SET epoch = epoch + 1')
        return ownerEpoch(sql)
      })
      return session<R>(storage, epoch, held)
    },
    heldBytes: () => held.bytes,
  }
}

interface Held {
  bytes: number
}

function measure(sql: SqlLike): number {
  return Number(sql.exec('SELECT coalesce(sum(size), 0) AS held FROM blocks').toArray()[0]?.held)
}

function ownerEpoch(sql: SqlLike): number {
  return Number(sql.exec('SELECT epoch FROM meta').toArray()[0]?.epoch)
}

function session<R extends object>(
  storage: DurableObjectStorageLike,
  epoch: number,
  held: Held,
): LogSession<R> {
  const { sql } = storage

  /** One transaction of this owner. */
  const transact = <T>(run: () => T): T => {
    try {
      return storage.transactionSync(() => {
        if (ownerEpoch(sql) !== epoch) {
          throw new SluiceError('fenced', 'This log was closed, or another owner has opened it')
        }
        return run()
      })
    } catch (error) {
      throw asSluiceError(error, 'unavailable', "The Durable Object's SQLite refused a transaction")
    }
  }

  const state: LogState = transact(() => ({
    lanes: openLanes(sql),
    sealed: pendingFiles(sql),
    runs: savedRuns(sql),
  }))
  return {
    state,
    async append(batch: LogBatch<R>) {
      const { keptBytes, ...appended } = transact(() => appendBatch(sql, batch))
      held.bytes += keptBytes
      return appended
    },
    async *read(file: SealedFile) {
      // One transaction for each block, none held open while the caller works.
      for (let at = file.begin; at < file.end; ) {
        const rows = transact(() => readBlocks(sql, file, at))
        at += rows.length
        yield rows as Rows<R>
      }
    },
    async seal(file: SealedFile) {
      return transact(() => sealFile(sql, file))
    },
    async progress(fileId: string, upload: UploadProgress | undefined) {
      transact(() => saveProgress(sql, fileId, upload))
    },
    async store(files: readonly StoredFile[]) {
      transact(() => storeFiles(sql, files))
      held.bytes = measure(sql)
    },
    async commit(files: readonly CommittedFile[]) {
      transact(() => commitFiles(sql, files))
      held.bytes = measure(sql)
    },
    async committed(range: LaneRange) {
      return transact(() => {
        const lane = findLane(sql, range.lane)
        checkReach(range, lane?.end, lane && firstKnown(sql, lane.id))
        return lane ? committedFiles(sql, lane.id, range) : []
      })
    },
    async *positions() {
      yield* transact(() => lanePositions(sql))
    },
    async close() {
      // Fences this session, as another owner would; a session that is fenced already gives nothing back.
      sql.exec('UPDATE meta SET epoch = epoch + 1 WHERE epoch = ?', epoch)
    },
  }
}
