import type { Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { CodecName } from '../../formats/msglc/codecs/codec.ts'
import { HEADER_BYTES, type MagicOptions } from '../../formats/msglc/header.ts'
import { checkBound } from '../../formats/msglc/options.ts'
import {
  type ByteHandle,
  blobHandle,
  bytesHandle,
  type OpenedHandle,
  storeHandle,
} from './byte-handle.ts'
import { FileReader } from './file-reader.ts'
import { type LazyNode, NodeReader } from './lazy-node.ts'
import { ofObject } from './of-object.ts'
import type { Place } from './place.ts'
import { type RangeOptions, RangeReader, type ReadStatistics } from './range-reader.ts'

export interface LazyReaderOptions extends RangeOptions, MagicOptions {
  /** What the first request asks for: the header, and what of the value comes with it. Default 16 KiB. */
  readonly firstBytes?: number | undefined
  /**
   * The largest table of contents that is read, which is held from then on. Default 64 MiB; `too-large` beyond. As much again is held
   * of those of embedded files, the ones used last. What is made of the nodes on the way comes to a few times their bytes, and some tens of
   * times where a file is made to harm: bound it for files of strangers.
   */
  readonly maxTocBytes?: number | undefined
}

/** A file that is read as far as it is asked for. Holds tables of contents (`maxTocBytes`) and `cacheBytes`, and nothing that has to be closed. */
export interface LazyReader<T = unknown> extends LazyNode<T> {
  readonly codec: CodecName
  /** Of the whole file. */
  readonly sizeBytes: number
  /** What was asked of the store, or the handle, so far. */
  readonly statistics: ReadStatistics
}

const OPTIONS: OptionNames<LazyReaderOptions> = {
  firstBytes: true,
  maxTocBytes: true,
  cacheBytes: true,
  gapBytes: true,
  concurrency: true,
  signal: true,
  magic: true,
  isCompatible: true,
}

const FIRST_BYTES = 16 * 1024
const MAX_TOC_BYTES = 64 * 1024 ** 2

/**
 * Opens a msglc file: an object of a store, bytes, a `Blob`, or a handle of one's own. One request gets the header, one the table of
 * contents where that did not come with it; then each `read` asks for the ranges that it needs, joined where they are near, several
 * at once, and kept in a cache.
 *
 * Of an object all is read from one version: `precondition-failed` when it is replaced meanwhile. The type is the caller's word: it
 * gives `read` the types of paths, and is not checked.
 *
 * ```ts
 * const reader = await lazyReader<{ hello: string }>(store, 'example')
 * console.log(await reader.read('hello'))
 * ```
 *
 * Errors: `not-found`; `protocol` for what is no msglc file or is damaged; `too-large` beyond `maxTocBytes`; `invalid-options`;
 * and the store's.
 */
export async function lazyReader<T = unknown>(
  store: Pick<Store, 'get'>,
  key: string,
  options?: LazyReaderOptions,
): Promise<LazyReader<T>>
export async function lazyReader<T = unknown>(
  source: Uint8Array | Blob | ByteHandle,
  options?: LazyReaderOptions,
): Promise<LazyReader<T>>
export async function lazyReader<T = unknown>(
  from: From,
  keyOrOptions: string | LazyReaderOptions = {},
  given: LazyReaderOptions = {},
): Promise<LazyReader<T>> {
  const options = typeof keyOrOptions === 'string' ? given : keyOrOptions
  checkOptionNames('lazyReader', options, OPTIONS)
  const { firstBytes = FIRST_BYTES, maxTocBytes = MAX_TOC_BYTES, signal } = options
  if (!(Number.isSafeInteger(firstBytes) && firstBytes > 0)) {
    throw new SluiceError('invalid-options', `firstBytes (${firstBytes}) is no number of bytes`)
  }
  checkBound('maxTocBytes', maxTocBytes)
  const opened =
    typeof keyOrOptions === 'string'
      ? await storeHandle(asStore(from), keyOrOptions, Math.max(firstBytes, HEADER_BYTES), {
          signal,
        })
      : localHandle(from)
  const ranges = new RangeReader(opened, options)
  return ofObject(ranges.key, async () => {
    const whole = { start: 0, end: ranges.size }
    const file = await FileReader.open(ranges, whole, { ...options, maxTocBytes })
    return new OpenedReader(ranges, file.header.codec.name, file.root()) as LazyReader<T>
  })
}

class OpenedReader extends NodeReader implements LazyReader {
  readonly codec: CodecName
  readonly #ranges: RangeReader

  constructor(ranges: RangeReader, codec: CodecName, place: Place) {
    super(place, ranges.key)
    this.#ranges = ranges
    this.codec = codec
  }

  get sizeBytes(): number {
    return this.#ranges.size
  }

  get statistics(): ReadStatistics {
    return this.#ranges.statistics
  }
}

type From = Pick<Store, 'get'> | Uint8Array | Blob | ByteHandle

function asStore(from: From): Pick<Store, 'get'> {
  if (typeof (from as Partial<Store> | undefined)?.get === 'function')
    return from as Pick<Store, 'get'>
  throw noSource()
}

function localHandle(source: From): OpenedHandle {
  if (source instanceof Uint8Array) return bytesHandle(source)
  if (source instanceof Blob) return blobHandle(source)
  const handle = source as ByteHandle
  const isHandle = Number.isSafeInteger(handle?.size) && typeof handle.read === 'function'
  if (isHandle && handle.size >= 0) return { handle }
  throw noSource()
}

function noSource(): SluiceError {
  const message =
    'lazyReader takes a store and a key, or bytes, a Blob, or a handle with size and read()'
  return new SluiceError('invalid-options', message)
}
