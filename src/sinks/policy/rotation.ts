import { SluiceError } from '../../core/errors.ts'

/** When an open file is cut. The first limit that is reached decides. */
export interface Rotate {
  /** Records in a file, exactly: a whole number. Default: no limit. */
  readonly records?: number | undefined
  /**
   * Size of a finished file, about: what the records weigh as JSON, times the ratio learned from the last few full files
   * that this sink has written. Default 64 MiB.
   */
  readonly bytes?: number | undefined
  /** Time since the file's first record came. Default 5 minutes. */
  readonly ageMs?: number | undefined
}

const DEFAULT_BYTES = 64 * 1024 * 1024
const DEFAULT_AGE_MS = 300_000

/** How many full files the learned ratio is the average of. */
const REMEMBERED_FILES = 4
/** The part of a full file below which a file is mostly head and foot, and says nothing of a full one. */
const SMALL_FILE = 1 / 16

/** The rotation limits of one sink, and what it has learned about the size of its files. */
export class Rotation {
  readonly ageMs: number
  readonly #records: number
  readonly #bytes: number
  /** What counts as a full file where there may be no limit. */
  readonly #fullBytes: number
  /** Of the files that were learned from. */
  #jsonBytes: number
  #fileBytes: number

  constructor(rotate: Rotate = {}) {
    const {
      records = Number.POSITIVE_INFINITY,
      bytes = DEFAULT_BYTES,
      ageMs = DEFAULT_AGE_MS,
    } = rotate
    for (const [name, value] of Object.entries({ records, bytes, ageMs })) {
      if (!(value > 0)) {
        throw new SluiceError(
          'invalid-options',
          `rotate.${name} must be above 0, not ${String(value)}`,
        )
      }
    }
    if (records !== Number.POSITIVE_INFINITY && !Number.isSafeInteger(records)) {
      throw new SluiceError(
        'invalid-options',
        `rotate.records must be a whole number, not ${records}`,
      )
    }
    this.ageMs = ageMs
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

  learn(jsonBytes: number, fileBytes: number): void {
    if (Math.max(jsonBytes, fileBytes) < SMALL_FILE * this.#fullBytes) return
    this.#jsonBytes += jsonBytes
    this.#fileBytes += fileBytes
    const forget = Math.min(1, (REMEMBERED_FILES * this.#fullBytes) / this.#fileBytes)
    this.#jsonBytes *= forget
    this.#fileBytes *= forget
  }
}
