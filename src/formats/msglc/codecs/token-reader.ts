import { fromUtf8Strict } from '../../../core/bytes.ts'
import { SluiceError } from '../../../core/errors.ts'

/** Texts up to this length are mostly keys, for which a loop is faster than a call of the platform's decoder. */
const SHORT_TEXT_BYTES = 24
/** A power of two. */
const KNOWN_TEXTS = 1024
/** With its tag, in both encodings. */
const DOUBLE_BYTES = 9

/**
 * Reads encoded bytes token by token: a scalar, or the head of a list or a map. Nothing is reserved for what a head
 * announces, and no head may announce more than the bytes behind it could hold. Throws `protocol` for what is cut short or
 * is nothing that the encoding knows; and reads nothing outside `[start, end)`.
 */
export abstract class TokenReader {
  protected readonly bytes: Uint8Array
  protected readonly view: DataView
  /** Where the next token begins. */
  at: number
  readonly end: number
  /** How many bytes behind `end` belong to the same value, and are read by another reader. */
  behindBytes = 0
  /** Of the token that was read last. A `tag` says what the one value behind it is. */
  kind: 'scalar' | 'list' | 'map' | 'tag' = 'scalar'
  /** How many items or pairs follow it; which tag it is. */
  count = 0
  /** The scalar, unless its value was not asked for. */
  value: unknown

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.byteLength) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = start
    this.end = Math.min(end, bytes.byteLength)
  }

  /** What a double begins with, before its eight bytes. */
  protected abstract readonly doubleTag: number

  /** Reads one token. Without `wanted`, a scalar is passed over, and `value` is `undefined`. */
  abstract next(wanted: boolean): void

  /** The doubles that come next, `most` at most; `undefined` where none does. */
  doubles(most: number): number[] | undefined {
    const { bytes, view, end, doubleTag } = this
    let at = this.at
    if (most === 0 || at >= end || bytes[at] !== doubleTag) return undefined
    const found: number[] = []
    while (found.length < most && end - at >= DOUBLE_BYTES && bytes[at] === doubleTag) {
      found.push(view.getFloat64(at + 1))
      at += DOUBLE_BYTES
    }
    this.at = at
    return found
  }

  get atEnd(): boolean {
    return this.at >= this.end
  }

  /** Passes over so many bytes, and gives where they begin. */
  protected pass(count: number): number {
    const from = this.at
    if (count > this.end - from)
      throw damaged(from, `${count} bytes are announced where ${this.end - from} are left`)
    this.at += count
    return from
  }

  protected byte(): number {
    return this.bytes[this.pass(1)] as number
  }

  /** An unsigned number of so many bytes. */
  protected unsigned(width: 1 | 2 | 4): number {
    const at = this.pass(width)
    if (width === 1) return this.view.getUint8(at)
    return width === 2 ? this.view.getUint16(at) : this.view.getUint32(at)
  }

  protected unsigned64(): number | bigint {
    return plainInteger(this.view.getBigUint64(this.pass(8)))
  }

  protected text(length: number, wanted: boolean): void {
    const from = this.pass(length)
    this.scalar(wanted ? this.#textAt(from, length) : undefined)
  }

  /** Bytes are copied: whoever gets them must not change the cache behind them. */
  protected binary(length: number, wanted: boolean): void {
    const from = this.pass(length)
    this.scalar(wanted ? this.bytes.slice(from, this.at) : undefined)
  }

  protected scalar(value: unknown): void {
    this.kind = 'scalar'
    this.count = 0
    this.value = value
  }

  /** The head of a list or a map. Each item has a byte at least. */
  protected head(kind: 'list' | 'map', count: number): void {
    const left = this.end - this.at + this.behindBytes
    if (count * (kind === 'map' ? 2 : 1) > left) {
      throw damaged(this.at, `a ${kind} of ${count} in ${left} bytes`)
    }
    this.kind = kind
    this.count = count
    this.value = undefined
  }

  #textAt(from: number, length: number): string {
    if (length <= SHORT_TEXT_BYTES) {
      const short = shortText(this.bytes, from, length)
      if (short !== undefined) return short
    }
    const text = fromUtf8Strict(this.bytes.subarray(from, from + length))
    if (text === undefined) throw damaged(from, 'a text that is not UTF-8')
    return text
  }
}

/** Of short texts, those met last. What is large has the same ones again and again: its keys. */
const known: string[] = Array(KNOWN_TEXTS).fill('')

/** `undefined` unless it is ASCII. */
function shortText(bytes: Uint8Array, from: number, length: number): string | undefined {
  let hash = 0
  for (let at = from; at < from + length; at++) {
    const unit = bytes[at] as number
    if (unit >= 0x80) return undefined
    hash = (Math.imul(hash, 31) + unit) | 0
  }
  const place = hash & (KNOWN_TEXTS - 1)
  const before = known[place] as string
  if (isText(before, bytes, from, length)) return before
  let text = ''
  for (let at = from; at < from + length; at++) text += String.fromCharCode(bytes[at] as number)
  known[place] = text
  return text
}

function isText(text: string, bytes: Uint8Array, from: number, length: number): boolean {
  if (text.length !== length) return false
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== bytes[from + at]) return false
  return true
}

/** A `number` where it is exact. */
export function plainInteger(value: bigint): number | bigint {
  const isExact = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
  return isExact ? Number(value) : value
}

export function damaged(at: number, what: string): SluiceError {
  return new SluiceError('protocol', `The encoded bytes are damaged at ${at}: ${what}`)
}
