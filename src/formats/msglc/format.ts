import type { Chunk, Encoder, Format, Rejection, Row, Schema } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { isPlainObject, MAX_JSON_DEPTH, pointerStep, refuseRecord } from '../../core/json.ts'
import { checkOptionNames } from '../../core/option-names.ts'
import { NOT_A_COLUMN } from '../../core/schemas/check-row.ts'
import { FILE_TYPES } from '../file-types.ts'
import type { Contents } from './contents.ts'
import { MSGLC_OPTIONS, type MsglcOptions, type PackingOptions, packingOptions } from './options.ts'
import { Packing } from './packing.ts'

/** So much may wait before it is handed on, at most, beside the row that is being written. */
const CHUNK_BYTES = 64 * 1024

/**
 * Records as one list in a msglc file, from which single ones can be read later without the rest (`lazyReader`). Each is a map;
 * its values are what `lazyWriter` takes, and come back as they were but for dates, which are text.
 *
 * Refused with `invalid-record`: what has no form in the encoding, as functions, lone surrogates, invalid dates, objects of classes,
 * sources, `NumpyArray`s, integers beyond 64 bits in MessagePack and 4,096 bytes in CBOR, more than 64 levels. With a schema, keys come in its order, and one
 * outside it is refused.
 *
 * Holds the table of contents until the end, which `bufferedBytes` counts: some 15 bytes for a record of more than `trivialBytes`.
 * `maxTocBytes` bounds it only where it is given: rows that pass `check` never fail otherwise. The file's head is known last, so part 1 is sent last, and
 * an upload cannot be gone on with by a later process.
 */
export function msglc<R extends object = Row>(options: MsglcOptions = {}): Format<R> {
  checkOptionNames('msglc', options, MSGLC_OPTIONS)
  const unbounded = { ...options, maxTocBytes: options.maxTocBytes ?? Number.MAX_SAFE_INTEGER }
  // A check would leave nothing of them for the file.
  const packed = { ...packingOptions(unbounded), takesSources: false }
  return {
    ...FILE_TYPES.msglc,
    // A file has one list more around its records, and a log takes no deeper ones.
    check: (row) => rejectionOf(row, { ...packed, maxDepth: MAX_JSON_DEPTH }),
    encoder({ schema, from } = {}) {
      if (!from) return listEncoder(packed, schema)
      throw new SluiceError('not-supported', 'A .msglc file cannot be gone on with; encode it anew')
    },
  }
}

/** Whatever it is given, it does not throw: it is encoded for a try, and thrown away. */
function rejectionOf(row: unknown, options: PackingOptions): Rejection | undefined {
  let trial: Packing | undefined
  try {
    if (!isPlainObject(row)) return refuseRecord('', 'is not a plain object')
    trial = new Packing(options, { value: row })
    for (let state = trial.advance(); state !== 'done'; state = trial.advance()) {
      trial.take()
    }
    return undefined
  } catch {
    const { path, message } = trial?.problem ?? UNREADABLE
    return refuseRecord(path, message)
  }
}

/** A getter or a proxy of the caller's. */
const UNREADABLE = { path: '', message: 'cannot be read: one of its properties throws' }

function listEncoder(options: PackingOptions, schema: Schema | undefined): Encoder<object> {
  let waiting: unknown
  let isOver = false
  const contents: Contents = {
    kind: 'list',
    count: undefined,
    next() {
      if (isOver) return { done: true, value: undefined }
      if (waiting === undefined) return undefined
      const value = waiting
      waiting = undefined
      return { done: false, value }
    },
  }
  const packing = new Packing(options, { contents })
  const ordered = schema ? orderedRow(schema) : (row: object) => row

  function drain(chunks: Chunk[], leastBytes: number): void {
    while (packing.advance() === 'full') chunks.push(packing.take())
    if (packing.untakenBytes >= leastBytes) chunks.push(packing.take())
  }

  return {
    get bufferedBytes() {
      return packing.bufferedBytes
    },
    headBytes: packing.headBytes,
    write(rows) {
      const chunks: Chunk[] = []
      for (const row of rows) {
        waiting = ordered(row)
        drain(chunks, CHUNK_BYTES)
      }
      return chunks
    },
    close() {
      const chunks: Chunk[] = []
      isOver = true
      drain(chunks, 1)
      const { toc, head } = packing.finish()
      return { chunks: [...chunks, ...toc], head }
    },
  }
}

/** The row with its members in the schema's order. */
function orderedRow(schema: Schema): (row: object) => object {
  const names = schema.fields.map(({ name }) => name)
  const known = new Set(names)
  return (row) => {
    for (const key of Object.keys(row)) {
      if (!known.has(key)) {
        throw new SluiceError('invalid-record', `${pointerStep(key)} ${NOT_A_COLUMN}`)
      }
    }
    return new Map(
      names.flatMap((name) => {
        const value = Object.hasOwn(row, name) ? (row as Row)[name] : undefined
        return value === undefined ? [] : [[name, value] as const]
      }),
    )
  }
}
