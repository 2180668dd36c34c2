import { SluiceError } from '../../core/errors.ts'
import type { Schedule } from './deadlines.ts'

/**
 * When an open file is cut. The first limit that is reached decides, and none of them needs a next record to come: a file that is
 * idle has a timer, which a restart sets again. A partition by time with `allowedLateMs` is cut by its watermark too.
 */
export interface Rotate {
  /** Records in a file, exactly: a whole number. Default: no limit. */
  readonly records?: number | undefined
  /**
   * Size of a finished file, about: what the records weigh as JSON, times the ratio learned from the last few full files
   * that this sink has written. Default 64 MiB.
   */
  readonly bytes?: number | undefined
  /** Time since the file's first record came. Default 5 minutes; with a `schedule`, no limit. */
  readonly ageMs?: number | undefined
  /** Time since the file's last record came. Default: no limit. */
  readonly idleMs?: number | undefined
  /**
   * Boundaries of wall-clock time, in UTC and so the same in summer and winter. A clock that is set back by less than one period
   * cuts nothing twice at a boundary. Default: none.
   */
  readonly schedule?: Schedule | undefined
}

const DEFAULT_BYTES = 64 * 1024 * 1024

/** How many full files the learned ratio is the average of. */
const REMEMBERED_FILES = 4
/** The part of a full file below which a file is mostly head and foot, and says nothing of a full one. */
const SMALL_FILE = 1 / 16

/** The limits of one sink that have to do with size, and what it has learned about the size of its files. */
export class Rotation {
  readonly #records: number
  readonly #bytes: number
  /** What counts as a full file where there may be no limit. */
  readonly #fullBytes: number
  /** Of the files that were learned from. */
  #jsonBytes: number
  #fileBytes: number

  constructor(rotate: Rotate = {}) {
    const { records = Number.POSITIVE_INFINITY, bytes = DEFAULT_BYTES, ageMs, idleMs } = rotate
    const limits = { records, bytes, ageMs, idleMs, 'schedule.everyMs': rotate.schedule?.everyMs }
    for (const [name, value] of Object.entries(limits)) {
      if (value !== undefined && !(typeof value === 'number' && value > 0)) {
        throw new SluiceError(
          'invalid-options',
          `rotate.${name} must be a number above 0, not ${String(value)}`,
        )
      }
    }
    if (records !== Number.POSITIVE_INFINITY && !Number.isSafeInteger(records)) {
      throw new SluiceError(
        'invalid-options',
        `rotate.records must be a whole number, not ${records}`,
      )
    }
    this.#records = records
    this.#bytes = bytes
    this.#fullBytes = Math.min(bytes, DEFAULT_BYTES)
    // As large as JSON, until files have shown better.
    this.#jsonBytes = this.#fileBytes = SMALL_FILE * this.#fullBytes
  }

  /** How many records the next file gets and why; `undefined` while neither limit is reached. */
  cut(
    records: number,
    bytes: number,
  ): { records: number; reason: 'records' | 'bytes' } | undefined {
    if (records === 0) return undefined
    const ratio = this.#fileBytes / this.#jsonBytes
    const byBytes = Math.max(1, Math.ceil(this.#bytes / ((bytes / records) * ratio)))
    if (records < this.#records && records < byBytes) return undefined
    return this.#records <= byBytes
      ? { records: this.#records, reason: 'records' }
      : { records: byBytes, reason: 'bytes' }
  }

  /** How many records, or bytes as JSON, are missing to the limits of a file; at least 0, and no limit is left out. */
  missing(records: number, bytes: number): { records?: number; bytes?: number } {
    const missing: { records?: number; bytes?: number } = {}
    if (Number.isFinite(this.#records)) missing.records = Math.max(0, this.#records - records)
    if (Number.isFinite(this.#bytes)) {
      const whole = this.#bytes * (this.#jsonBytes / this.#fileBytes)
      missing.bytes = Math.max(0, Math.ceil(whole - bytes))
    }
    return missing
  }

  learn(jsonBytes: number, fileBytes: number): void {
    if (Math.max(jsonBytes, fileBytes) < SMALL_FILE * this.#fullBytes) return
    this.#jsonBytes += jsonBytes
    this.#fileBytes += fileBytes
    const forget = Math.min(1, (REMEMBERED_FILES * this.#fullBytes) / this.#fileBytes)
    this.#jsonBytes *= forget
    this.#fileBytes *= forget
  }
}
