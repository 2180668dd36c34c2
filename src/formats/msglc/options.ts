import type { Bytes } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { OptionNames } from '../../core/option-names.ts'
import type { Codec, CodecName } from './codecs/codec.ts'
import { MAX_DEPTH } from './codecs/read-value.ts'
import { codecOf, type MagicOptions, magicBytes } from './header.ts'

/** How a file is made. Python's settings by these names, for one call instead of the process. */
export interface MsglcOptions extends Pick<MagicOptions, 'magic'> {
  /** Default `msgpack`. */
  readonly codec?: CodecName | undefined
  /** What is smaller is read as a whole, whatever it holds. Default 8,192. */
  readonly smallBytes?: number | undefined
  /**
   * Values of up to so many bytes are not listed one by one in the table of contents, unless larger ones are beside them. No more
   * than `smallBytes`; default 20.
   */
  readonly trivialBytes?: number | undefined
  /**
   * The most that the table of contents may take, in the file and in memory, and lists and maps with it that are held until they
   * are counted. Default 64 MiB.
   */
  readonly maxTocBytes?: number | undefined
}

export const MSGLC_OPTIONS: OptionNames<MsglcOptions> = {
  codec: true,
  smallBytes: true,
  trivialBytes: true,
  maxTocBytes: true,
  magic: true,
}

/** The same, as they are worked with. */
export interface PackingOptions extends Thresholds {
  readonly codec: Codec
  /** As a file has it. */
  readonly magic: Bytes
  readonly maxTocBytes: number
  /** Whether iterables and streams are values, and `NumpyArray`s: what no log could keep. */
  readonly takesSources: boolean
  /** How many lists and maps may lie in one another. */
  readonly maxDepth: number
}

/** How a file is divided into what can be read by itself. */
export interface Thresholds {
  readonly smallBytes: number
  readonly trivialBytes: number
}

const SMALL_BYTES = 8192
const TRIVIAL_BYTES = 20
const MAX_TOC_BYTES = 64 * 1024 ** 2

/** Throws `invalid-options` for what bounds nothing. */
export function checkBound(name: string, bytes: number): void {
  if (typeof bytes === 'number' && bytes >= 0) return
  throw new SluiceError('invalid-options', `${name} (${bytes}) is no number of bytes`)
}

/** The options, checked. `trivialBytes` is `smallBytes` at most, and not more by default. */
export function packingOptions(options: MsglcOptions): PackingOptions {
  const { smallBytes = SMALL_BYTES, maxTocBytes = MAX_TOC_BYTES } = options
  const { trivialBytes = Math.min(TRIVIAL_BYTES, smallBytes) } = options
  for (const [name, value] of Object.entries({ smallBytes, trivialBytes, maxTocBytes })) {
    if (Number.isSafeInteger(value) && value >= 0) continue
    throw new SluiceError('invalid-options', `${name} (${value}) is no number of bytes`)
  }
  if (trivialBytes > smallBytes) {
    const message = `trivialBytes (${trivialBytes}) must not be more than smallBytes (${smallBytes})`
    throw new SluiceError('invalid-options', message)
  }
  const codec = codecOf(options.codec)
  const magic = magicBytes(options.magic)
  const thresholds = { smallBytes, trivialBytes, maxTocBytes }
  return { codec, magic, ...thresholds, takesSources: true, maxDepth: MAX_DEPTH }
}
