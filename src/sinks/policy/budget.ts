import { SluiceError } from '../../core/errors.ts'

const MIB = 1024 ** 2

/**
 * What a sink may hold in memory: rows as they weigh as JSON, and bytes. 64 MiB fill a Parquet file of some MiB. The process is
 * larger: rows weigh more as objects, and an engine that has memory left collects late (`npm run bench sink`).
 */
export const DEFAULT_MEMORY_BYTES: number = 64 * MIB

/** What may wait in a log on a disk: half of it, while a file is published, for what comes meanwhile. */
export const DEFAULT_PENDING_BYTES: number = 128 * MIB

/** What Parquet gathers for a row group, as the largest that a format of this package holds back. */
const ENCODER_BYTES = 17 * MIB

/** The least that a store takes as a part. */
const LEAST_PART_BYTES = 5 * MIB
const MOST_PART_BYTES = 16 * MIB
const CONCURRENCY = 2

/**
 * A Worker may wait for six answers at once: a seventh request is held back until one of them has begun
 * (https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections). One is left to everybody else.
 */
const CONNECTIONS = 5

/** How `memoryBytes` is divided. */
export interface Budget {
  /** Rows in the log: `maxPendingBytes`, and where the log is in memory no more than three quarters of what rows may have. */
  readonly logBytes: number
  /**
   * Of those, rows that no file has yet: beyond, the largest file is cut. Half of a log on a disk, so that `write` need not wait for that
   * file. All of a log in memory, which holds little: with half of it, files would be half as large.
   */
  readonly openBytes: number
  /** Rows of writes that wait for their turn, and as much again on their way into the log. */
  readonly waitingBytes: number
  /** A larger record is refused. */
  readonly recordBytes: number
  /** For the parts of a file that is being published; its encoder's share is beside it. */
  readonly upload: { readonly partBytes: number; readonly concurrency: number }
  /** For all files that are being published at once. */
  readonly publishing: PublishingBudget
}

export interface PublishingBudget {
  /** What all of them hold, unless there is only one. */
  readonly bytes: number
  /** The most that one of them holds. */
  readonly fileBytes: number
  /** How many bodies are on their way. */
  readonly connections: number
}

export interface BudgetOptions {
  readonly memoryBytes: number
  readonly maxPendingBytes: number
  readonly maxRecordBytes: number
  /** Whether the log's rows lie in memory. */
  readonly inMemory: boolean
}

/**
 * Half of the memory is for publishing, which is an encoder and the parts of an upload for each file that is under way: for a large one
 * alone, or for some small ones; half for rows: of writes that wait and of those on their way into the log, as much for either, and for
 * what lies in a log in memory three times as much as for both.
 *
 * Publishing cannot do with less than a format's row group and three parts of 5 MiB: below 64 MiB a large file takes more than its half.
 *
 * Throws `invalid-options` for numbers that are not above 0.
 */
export function budgetOf(options: BudgetOptions): Budget {
  const { memoryBytes, maxPendingBytes, maxRecordBytes, inMemory } = options
  for (const [name, value] of Object.entries({ memoryBytes, maxPendingBytes, maxRecordBytes })) {
    if (value > 0) continue
    throw new SluiceError('invalid-options', `createSink: ${name} must be above 0, not ${value}`)
  }
  const rowBytes = memoryBytes / 2
  const logBytes = inMemory ? Math.min(maxPendingBytes, (rowBytes * 3) / 4) : maxPendingBytes
  const waitingBytes = Math.min(maxPendingBytes, rowBytes / (inMemory ? 8 : 2))
  // objectWriter holds one part more than it sends at once.
  const wantedBytes = Math.floor((memoryBytes / 2 - ENCODER_BYTES) / (CONCURRENCY + 1))
  const partBytes = Math.min(Math.max(wantedBytes, LEAST_PART_BYTES), MOST_PART_BYTES)
  return {
    logBytes,
    openBytes: inMemory ? logBytes : logBytes / 2,
    waitingBytes,
    recordBytes: Math.min(maxRecordBytes, logBytes, waitingBytes),
    upload: { partBytes, concurrency: CONCURRENCY },
    publishing: {
      bytes: memoryBytes / 2,
      fileBytes: ENCODER_BYTES + (CONCURRENCY + 1) * partBytes,
      connections: CONNECTIONS,
    },
  }
}
