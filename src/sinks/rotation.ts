import { SluiceError } from '../core/errors.ts'

/** When an open file is cut. The first limit that is reached decides. */
export interface Rotate {
  /** Records in a file, exactly. Default: no limit. */
  readonly records?: number | undefined
  /**
   * Size of a finished file, about: what the records weigh as JSON, times the ratio learned from the files this sink has
   * written. Default 64 MiB.
   */
  readonly bytes?: number | undefined
  /** Time since the file's first record came. Default 5 minutes. */
  readonly ageMs?: number | undefined
}

const DEFAULT_BYTES = 64 * 1024 * 1024
const DEFAULT_AGE_MS = 300_000

/** How much one new file changes the learned ratio. */
const LEARNING_RATE = 0.5

/** The rotation limits of one sink, and what it has learned about the size of its files. */
export class Rotation {
  readonly ageMs: number
  readonly #records: number
  readonly #bytes: number
  /** Encoded size over JSON size. 1 until a file has shown better. */
  #ratio = 1

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
    this.ageMs = ageMs
    this.#records = records
    this.#bytes = bytes
  }

  /** How many records the next file gets and why; `undefined` while neither limit is reached. */
  cut(
    records: number,
    bytes: number,
  ): { records: number; reason: 'records' | 'bytes' } | undefined {
    if (records === 0) return undefined
    const byBytes = Math.max(1, Math.ceil(this.#bytes / ((bytes / records) * this.#ratio)))
    if (records < this.#records && records < byBytes) return undefined
    return this.#records <= byBytes
      ? { records: this.#records, reason: 'records' }
      : { records: byBytes, reason: 'bytes' }
  }

  learn(jsonBytes: number, fileBytes: number): void {
    if (jsonBytes > 0) this.#ratio += LEARNING_RATE * (fileBytes / jsonBytes - this.#ratio)
  }
}
