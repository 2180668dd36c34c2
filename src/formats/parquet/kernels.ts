import type { Chunk } from '../../contracts/index.ts'
import { EMPTY, fromBase64 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { KERNELS } from './kernels-wasm.ts'

/** The functions of kernels/, described there. Numbers are addresses, counts and sizes, all below 2^31. */
export interface KernelFunctions {
  resultAddress(): number
  heapAddress(): number
  crc32(from: number, length: number): number
  snappy(from: number, length: number, to: number): number
  hybrid8(from: number, count: number, width: number, to: number): number
  hybrid32(from: number, count: number, width: number, to: number): number
  packBooleans(from: number, count: number, to: number): number
  delta32(from: number, count: number, to: number): number
  delta64(from: number, count: number, to: number): number
  plainBytes(bytes: number, offsets: number, count: number, to: number): number
  deltaLength(bytes: number, offsets: number, count: number, scratch: number, to: number): number
  deltaBytes(bytes: number, offsets: number, count: number, scratch: number, to: number): number
  byteStreamSplit(from: number, count: number, width: number, to: number): void
  wholeNumbers(from: number, count: number): void
  oneNaN32(from: number, count: number): void
  oneNaN64(from: number, count: number): void
  evenOffsets(count: number, width: number, to: number): void
  dictionary32: FixedDictionary
  dictionary64: FixedDictionary
  dictionaryBytes(
    bytes: number,
    offsets: number,
    count: number,
    indices: number,
    keys: number,
    maxBytes: number,
    places: number,
    maxKeys: number,
    table: number,
    tableBits: number,
  ): number
  boundsU8(from: number, count: number): number
  boundsI32(from: number, count: number): number
  boundsU32(from: number, count: number): number
  boundsI64(from: number, count: number): number
  boundsU64(from: number, count: number): number
  boundsF16(from: number, count: number): number
  boundsF32(from: number, count: number): number
  boundsF64(from: number, count: number): number
  boundsBytes(bytes: number, offsets: number, count: number): void
  boundsFixed(from: number, width: number, count: number, signed: boolean): void
  bloomFixed(from: number, width: number, count: number, filter: number, blocks: number): void
  bloomFloats(from: number, width: number, count: number, filter: number, blocks: number): void
  bloomBytes(bytes: number, offsets: number, count: number, filter: number, blocks: number): void
  pageEnd(
    definition: number,
    maxDefinition: number,
    repetition: number,
    slots: number,
    offsets: number,
    width: number,
    slot: number,
    value: number,
    maxRows: number,
    maxBytes: number,
  ): void
}

type FixedDictionary = (
  values: number,
  count: number,
  indices: number,
  keys: number,
  maxKeys: number,
  table: number,
  tableBits: number,
) => number

const PAGE_BYTES = 65_536
const MAX_BYTES = 512 * 1024 * 1024
/** Memory cannot be given back but as a whole, so that of a larger chunk is. */
const KEPT_BYTES = 64 * 1024 * 1024
const GROWTH_PAGES = 64
/** Kernels read and write this far beyond the end of what they were given. */
const SLACK_BYTES = 32
const ALIGNMENT = 16

/**
 * The kernels and their memory. What is allocated between `begin` and `end` is valid until `end`; nothing is awaited between them, so
 * encoders share one instance, and one that is abandoned leaves nothing behind.
 */
export class Kernels {
  readonly #module: WebAssembly.Module
  readonly #maxPages: number
  #memory: WebAssembly.Memory | undefined
  #functions: KernelFunctions | undefined
  #bytes: Chunk = EMPTY
  #view: DataView | undefined
  #top = 0
  #what = ''

  /** `maxBytes`: of memory, in multiples of 64 KiB. Default 512 MiB, which is the most. */
  constructor(module: WebAssembly.Module, maxBytes: number = MAX_BYTES) {
    this.#module = module
    this.#maxPages = Math.floor(maxBytes / PAGE_BYTES)
  }

  /** How much memory is held. */
  get heldBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0
  }

  /** Between `begin` and `end`. */
  get functions(): KernelFunctions {
    return this.#functions as KernelFunctions
  }

  /**
   * `what` needs the memory: for the message where there is no more. Throws `invalid-options` for a module that is another one, and
   * `too-large` where the platform has no memory for it.
   */
  begin(what: string): void {
    this.#what = what
    if (!this.#functions) this.#instantiate()
    this.#top = this.functions.heapAddress()
  }

  end(): void {
    this.#bytes = EMPTY
    this.#view = undefined
    if (this.heldBytes <= KEPT_BYTES) return
    this.#memory = undefined
    this.#functions = undefined
  }

  /** Memory that holds anything. Throws `too-large` where there is no more. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#top / ALIGNMENT) * ALIGNMENT
    const top = address + bytes + SLACK_BYTES
    if (top > this.heldBytes) this.#grow(top)
    this.#top = top
    return address
  }

  /** What the argument of `rewind` was allocated before is kept, and what came after is free. */
  mark(): number {
    return this.#top
  }

  rewind(mark: number): void {
    this.#top = mark
  }

  copyIn(values: ArrayBufferView): number {
    const address = this.allocate(values.byteLength)
    this.view().set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address)
    return address
  }

  copyOut(address: number, length: number): Chunk {
    return this.view().slice(address, address + length)
  }

  /** The whole memory, until the next allocation. */
  view(): Chunk {
    const buffer = this.#memory?.buffer as ArrayBuffer
    // Growing leaves the old buffer without bytes.
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer)
    return this.#bytes
  }

  /** Of bytes outside of the memory. Not between `begin` and `end`. */
  crc32(bytes: Uint8Array): number {
    this.begin('A page')
    try {
      return this.functions.crc32(this.copyIn(bytes), bytes.byteLength)
    } finally {
      this.end()
    }
  }

  /** Of 32 bits, unsigned. */
  numberAt(address: number): number {
    return this.#dataView().getUint32(address, true)
  }

  setNumberAt(address: number, value: number): void {
    this.#dataView().setUint32(address, value, true)
  }

  #dataView(): DataView {
    const { buffer } = this.view()
    if (this.#view?.buffer !== buffer) this.#view = new DataView(buffer)
    return this.#view
  }

  #instantiate(): void {
    try {
      const { exports } = new WebAssembly.Instance(this.#module)
      const functions = exports as unknown as KernelFunctions
      functions.heapAddress()
      this.#functions = functions
      this.#memory = exports.memory as WebAssembly.Memory
    } catch (cause) {
      if (cause instanceof RangeError) throw this.#tooLarge(PAGE_BYTES, cause)
      throw new SluiceError(
        'invalid-options',
        'This WebAssembly module does not hold the Parquet kernels of this version of the package',
        { cause },
      )
    }
  }

  #grow(bytes: number): void {
    const held = this.heldBytes / PAGE_BYTES
    const needed = Math.ceil(bytes / PAGE_BYTES)
    try {
      if (needed > this.#maxPages) throw new RangeError('It would pass its limit')
      this.#memory?.grow(Math.min(Math.max(needed - held, GROWTH_PAGES), this.#maxPages - held))
    } catch (cause) {
      throw this.#tooLarge(bytes, cause)
    }
  }

  #tooLarge(bytes: number, cause: unknown): SluiceError {
    const most = this.#maxPages * PAGE_BYTES
    return new SluiceError(
      'too-large',
      `${this.#what} of a row group takes ${bytes} bytes of WebAssembly memory while it is encoded, of which there are ${most} at most, and no more than the platform has: write smaller row groups`,
      { cause },
    )
  }
}

let compiled: WebAssembly.Module | undefined

/**
 * The kernels that are embedded in the package. Throws what the platform throws where it forbids to compile (Workers, pages with a
 * strict Content-Security-Policy): there the module is imported, or handed over.
 */
export function compileKernels(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(fromBase64(KERNELS) as Chunk)
  return compiled
}

const shared = new WeakMap<WebAssembly.Module, Kernels>()

/** The one instance of a module that all encoders share. */
export function kernelsOf(module: WebAssembly.Module): Kernels {
  let kernels = shared.get(module)
  if (!kernels) {
    kernels = new Kernels(module)
    shared.set(module, kernels)
  }
  return kernels
}
