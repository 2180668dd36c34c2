/** A text, unread: the data of an array is one. */
export interface Text {
  readonly from: 'text'
  /** In UTF-8. */
  readonly utf8: Uint8Array
}

/** What would be an object if it was made: by which function, of what, and the state it is given. Nothing is ever called. */
export interface Recipe {
  readonly from: 'call'
  readonly name: string
  readonly inputs: readonly Picked[]
  state: readonly Picked[] | undefined
}

interface Named {
  readonly from: 'name'
  readonly name: string
}

export type Picked = number | boolean | null | Text | Recipe | Named | readonly Picked[]

/** An array takes about 60, and one for each dimension. */
const MAX_STEPS = 256
const MARK = Symbol('mark')
const LINE_END = 0x0a
const NAME_BYTES = 128

/** Of protocol 2, those that an array of numbers is written with. @see https://github.com/python/cpython/blob/main/Lib/pickletools.py */
const OP = {
  protocol: 0x80,
  global: 0x63,
  put: 0x71,
  get: 0x68,
  byte: 0x4b,
  short: 0x4d,
  integer: 0x4a,
  text: 0x58,
  none: 0x4e,
  true: 0x88,
  false: 0x89,
  mark: 0x28,
  tuple: 0x74,
  tuple0: 0x29,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  reduce: 0x52,
  build: 0x62,
  stop: 0x2e,
}

/** What a pickle says, as data. `undefined` where it holds any other step than those, too many of them, or ends early. */
export function readPickle(bytes: Uint8Array): Picked | undefined {
  return new PickleReader(bytes).read()
}

class PickleReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #stack: (Picked | typeof MARK)[] = []
  readonly #memo = new Map<number, Picked>()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(): Picked | undefined {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const at = this.#pass(1)
      if (at === undefined) return undefined
      const op = this.#bytes[at] as number
      if (op === OP.stop) {
        const [value, ...rest] = this.#stack
        const isOver = rest.length === 0 && this.#at === this.#bytes.byteLength
        return isOver && value !== MARK ? value : undefined
      }
      if (!this.#step(op)) return undefined
    }
    return undefined
  }

  /** Whether the step is one of those, and could be made. */
  #step(op: number): boolean {
    switch (op) {
      case OP.protocol:
        return this.#number(1) === 2
      case OP.global:
        return this.#push(this.#named())
      case OP.put:
        return this.#put(this.#number(1))
      case OP.get:
        return this.#push(this.#memo.get(this.#number(1) ?? -1))
      case OP.byte:
        return this.#push(this.#number(1))
      case OP.short:
        return this.#push(this.#number(2))
      case OP.integer:
        return this.#push(this.#number(4))
      case OP.text:
        return this.#push(this.#text())
      case OP.none:
        return this.#push(null)
      case OP.true:
      case OP.false:
        return this.#push(op === OP.true)
      case OP.mark:
        this.#stack.push(MARK)
        return true
      case OP.tuple:
        return this.#push(this.#sinceMark())
      case OP.tuple0:
        return this.#push([])
      case OP.tuple1:
      case OP.tuple2:
      case OP.tuple3:
        return this.#push(this.#last(op - OP.tuple1 + 1))
      case OP.reduce:
        return this.#push(this.#recipe())
      case OP.build:
        return this.#build()
      default:
        return false
    }
  }

  #pass(count: number): number | undefined {
    const from = this.#at
    if (count > this.#bytes.byteLength - from) return undefined
    this.#at += count
    return from
  }

  /** Little-endian. Four bytes are signed, fewer are not. */
  #number(width: 1 | 2 | 4): number | undefined {
    const at = this.#pass(width)
    if (at === undefined) return undefined
    if (width === 4) return this.#view.getInt32(at, true)
    return width === 2 ? this.#view.getUint16(at, true) : this.#view.getUint8(at)
  }

  #text(): Text | undefined {
    const length = this.#number(4)
    const at = length === undefined || length < 0 ? undefined : this.#pass(length)
    return at === undefined ? undefined : { from: 'text', utf8: this.#bytes.subarray(at, this.#at) }
  }

  /** A module and a name in it, a line each. */
  #named(): Named | undefined {
    const lines: string[] = []
    for (let line = 0; line < 2; line++) {
      const end = this.#bytes.subarray(this.#at, this.#at + NAME_BYTES).indexOf(LINE_END)
      if (end < 0) return undefined
      lines.push(String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at + end)))
      this.#at += end + 1
    }
    return { from: 'name', name: lines.join('.') }
  }

  #push(value: Picked | undefined): boolean {
    if (value === undefined) return false
    this.#stack.push(value)
    return true
  }

  #put(index: number | undefined): boolean {
    const top = this.#stack.at(-1)
    if (index === undefined || top === undefined || top === MARK) return false
    this.#memo.set(index, top)
    return true
  }

  #sinceMark(): Picked[] | undefined {
    const at = this.#stack.lastIndexOf(MARK)
    if (at < 0) return undefined
    const [, ...items] = this.#stack.splice(at)
    return items as Picked[]
  }

  #last(count: number): Picked[] | undefined {
    const items = this.#stack.splice(-count)
    return items.length === count && !items.includes(MARK) ? (items as Picked[]) : undefined
  }

  #recipe(): Recipe | undefined {
    const [named, inputs] = this.#last(2) ?? []
    if (!isTuple(inputs) || !isFrom(named, 'name')) return undefined
    return { from: 'call', name: named.name, inputs, state: undefined }
  }

  #build(): boolean {
    const [made, state] = this.#last(2) ?? []
    if (!isFrom(made, 'call') || !isTuple(state)) return false
    made.state = state
    return this.#push(made)
  }
}

export function isTuple(value: Picked | undefined): value is readonly Picked[] {
  return Array.isArray(value)
}

export function isFrom<F extends 'text' | 'call' | 'name'>(
  value: Picked | undefined,
  from: F,
): value is Extract<Picked, { from: F }> {
  return typeof value === 'object' && value !== null && 'from' in value && value.from === from
}

/** The text, where it is one of ASCII. */
export function asciiOf(value: Picked | undefined): string | undefined {
  return isFrom(value, 'text') && value.utf8.byteLength < NAME_BYTES
    ? String.fromCharCode(...value.utf8)
    : undefined
}
