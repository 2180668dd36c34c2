import type { Bytes } from '../../contracts/index.ts'
import { equalBytes, utf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { ByteWriter } from './codecs/byte-writer.ts'
import { cbor } from './codecs/cbor.ts'
import type { Codec, CodecName } from './codecs/codec.ts'
import { msgpack } from './codecs/msgpack.ts'
import { readValue } from './codecs/read-value.ts'

export const MAGIC_BYTES = 30
const FIELD_BYTES = 10
/** The magic, and where the table of contents is: two integers, each padded to ten bytes. */
export const HEADER_BYTES: number = MAGIC_BYTES + 2 * FIELD_BYTES
export const DEFAULT_MAGIC = 'msglc-2024'

export interface Header {
  readonly codec: Codec
  /** Where the table of contents begins, from the header's end: as many bytes as the payload has. */
  readonly tocStart: number
  readonly tocBytes: number
}

/** Which files are taken for what they say they are. */
export interface MagicOptions {
  /** 1 to 30 bytes, or ASCII text of that length. Default `msglc-2024`, as Python writes it. */
  readonly magic?: string | Uint8Array | undefined
  /** Whether a file with another magic (30 bytes, NUL on the left) can be read all the same. Default: no. */
  readonly isCompatible?: ((magic: Uint8Array) => boolean) | undefined
}

export function codecOf(name: CodecName = 'msgpack'): Codec {
  if (name === 'msgpack') return msgpack
  if (name === 'cbor') return cbor
  throw new SluiceError('invalid-options', `codec: "${String(name)}" is neither msgpack nor cbor`)
}

/** The magic as a file has it. */
export function magicBytes(magic: string | Uint8Array = DEFAULT_MAGIC): Bytes {
  const given = typeof magic === 'string' ? utf8(magic) : magic
  if (given.byteLength === 0 || given.byteLength > MAGIC_BYTES) {
    const message = `magic has ${given.byteLength} bytes; 1 to ${MAGIC_BYTES} are possible`
    throw new SluiceError('invalid-options', message)
  }
  const padded = new Uint8Array(MAGIC_BYTES)
  padded.set(given, MAGIC_BYTES - given.byteLength)
  return padded
}

/** The 50 bytes. MessagePack's integers stand at the right end of their field, and CBOR's at the left: so the codec is told. */
export function writeHeader({ codec, tocStart, tocBytes }: Header, magic: Bytes): Bytes {
  const header = new Uint8Array(HEADER_BYTES)
  header.set(magic)
  for (const [index, value] of [tocStart, tocBytes].entries()) {
    const number = new ByteWriter()
    codec.scalar(number, value)
    const from = MAGIC_BYTES + index * FIELD_BYTES
    const at = codec.name === 'cbor' ? from : from + FIELD_BYTES - number.length
    header.set(number.take(), at)
  }
  return header
}

/** Reads a header, and believes it only within `sizeBytes`, where the file ends at the latest. Throws `protocol`. */
export function readHeader(
  bytes: Uint8Array,
  sizeBytes: number,
  options: MagicOptions = {},
): Header {
  if (bytes.byteLength < HEADER_BYTES || sizeBytes < HEADER_BYTES) {
    throw notReadable(
      `it has ${Math.min(sizeBytes, bytes.byteLength)} bytes, and a header has ${HEADER_BYTES}`,
    )
  }
  const found = bytes.slice(0, MAGIC_BYTES)
  if (!equalBytes(found, magicBytes(options.magic)) && options.isCompatible?.(found) !== true) {
    throw notReadable('it does not begin with the magic')
  }
  const codec = bytes[MAGIC_BYTES] === 0 ? msgpack : cbor
  const [tocStart = 0, tocBytes = 0] = [0, 1].map((index) => {
    const from = MAGIC_BYTES + index * FIELD_BYTES
    return readField(codec, bytes.subarray(from, from + FIELD_BYTES))
  })
  if (tocStart + tocBytes > sizeBytes - HEADER_BYTES) {
    throw notReadable(
      `its table of contents is said to end at byte ${HEADER_BYTES + tocStart + tocBytes} of ${sizeBytes}; it may be cut short`,
    )
  }
  return { codec, tocStart, tocBytes }
}

/** A zero is all padding. Python writes one for an archive of no files. */
function readField(codec: Codec, field: Uint8Array): number {
  const first = field.findIndex(isSet)
  if (first < 0) return 0
  const from = codec.reader(field, codec.name === 'cbor' ? 0 : first)
  const number = readValue(from)
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
  if (isNumber && !field.subarray(from.at).some(isSet)) return number
  throw notReadable('its header holds no numbers')
}

function isSet(byte: number): boolean {
  return byte !== 0
}

function notReadable(why: string): SluiceError {
  return new SluiceError('protocol', `This is no msglc file that can be read: ${why}`)
}
