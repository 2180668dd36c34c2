import type { Row } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { isData, MAX_JSON_DEPTH, pointerStep } from '../../core/json.ts'
import { approximateBytes } from '../../core/sizes.ts'
import { checkMembers } from '../check-record.ts'
import type { Settings } from './options.ts'
import { isRow, noRow } from './rows/given-rows.ts'

/**
 * Copies of a file's first rows, until there are enough of them to tell its columns: as many as a row group may have rows and,
 * as the rows that they are, bytes. How they were batched makes no difference.
 */
export class HeldRows {
  readonly #settings: Settings
  #rows: Row[] = []
  #bytes = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  get isFull(): boolean {
    const { rowGroupRows, rowGroupBytes } = this.#settings
    return this.#rows.length >= rowGroupRows || this.#bytes >= rowGroupBytes
  }

  /** Throws `invalid-record` for what is no row, or one that no columns could hold. */
  add(row: unknown): void {
    if (!isRow(row)) throw this.#refused(noRow(row))
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(row)) {
      try {
        put(copy, key, copyOf(row[key], key, 1))
      } catch (cause) {
        const why = isSluiceError(cause)
          ? `${pointerStep(key)} ${cause.message}`
          : 'one of its properties throws'
        throw this.#refused(why, cause)
      }
    }
    const rejection = checkMembers(copy)
    if (rejection) throw this.#refused(rejection.message)
    this.#rows.push(copy)
    this.#bytes += approximateBytes(copy)
  }

  #refused(why: string, cause?: unknown): SluiceError {
    const place = `Row ${this.#rows.length} of the file`
    return new SluiceError('invalid-record', `${place}: ${why}`, { cause })
  }

  /** Remembers what there is: what it returns forgets what came after, and has again what was taken. */
  mark(): () => void {
    const rows = this.#rows
    const { length } = rows
    const bytes = this.#bytes
    return () => {
      rows.length = length
      this.#rows = rows
      this.#bytes = bytes
    }
  }

  take(): readonly Row[] {
    const rows = this.#rows
    this.#rows = []
    this.#bytes = 0
    return rows
  }
}

const TOO_DEEP = `lies deeper than ${MAX_JSON_DEPTH} levels, or in a cycle`

/** What is no data is not copied: no column takes it. */
function copyOf(value: unknown, key: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value.getTime())
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (depth > MAX_JSON_DEPTH) throw new SluiceError('invalid-record', TOO_DEEP)
  const { toJSON } = value as { readonly toJSON?: unknown }
  if (typeof toJSON === 'function') {
    const said = copyOf(toJSON.call(value, key), key, depth + 1)
    return { toJSON: () => said }
  }
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => copyOf(item, String(index), depth + 1))
  }
  if (!isData(value)) return value
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value))
    put(copy, name, copyOf(member, name, depth + 1))
  return copy
}

function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true })
}
