/** `sluice/luigi/gzip` */
import {
  Deflate,
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako'
import type { Bytes } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { derive } from '../../../core/reading.ts'
import { checkedBytes } from './bytes.ts'
import { pipedWriter } from './piped-writer.ts'
import type { TargetFormat } from './target-format.ts'

/** What is unpacked is given out in pieces of this size, however much one chunk unpacks to. */
const PIECE_BYTES = 64 * 1024
/** zlib's way to say: a window of 32 KiB, in a wrapper of gzip's. */
const GZIP_WINDOW_BITS = 15 + 16

/**
 * Bytes that are stored as gzip. Reads files of several members, as appending leaves them, and the zeros that a tape pads them with. The checksum and
 * length of each member are verified.
 *
 * Not the platform's streams: they take one member only, and workerd's unpacks a whole chunk whether or not anybody reads.
 *
 * Errors: `invalid-record` for what is not gzip, is damaged, or breaks off.
 * @see https://www.rfc-editor.org/rfc/rfc1952
 */
export function gzip(): TargetFormat<Bytes> {
  return {
    input: 'bytes',
    output: 'bytes',
    pipeReader: (source) => derive(source, unpacked),
    pipeWriter(target) {
      const deflate = new Deflate({ gzip: true })
      let ready: Bytes[] = []
      deflate.onData = (chunk) => void ready.push(chunk)
      const packed = (chunk: Uint8Array, isLast: boolean): Bytes[] => {
        deflate.push(chunk, isLast)
        const chunks = ready
        ready = []
        return chunks
      }
      return pipedWriter(
        target,
        (chunk: Bytes) => packed(checkedBytes(chunk), false),
        () => packed(new Uint8Array(0), true),
      )
    },
  }
}

async function* unpacked(chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  const stream = new ZStream()
  zlibInflateInit2(stream, GZIP_WINDOW_BITS)
  let members = 0
  let inMember = false
  for await (const chunk of chunks) {
    stream.input = chunk
    stream.next_in = 0
    stream.avail_in = chunk.byteLength
    while (stream.avail_in > 0 || (inMember && stream.avail_out === 0)) {
      if (!inMember) {
        if (members > 0 && chunk[stream.next_in] === 0) {
          stream.next_in++
          stream.avail_in--
          continue
        }
        if (members > 0) zlibInflateReset(stream)
        members++
        inMember = true
      }
      stream.output = new Uint8Array(PIECE_BYTES)
      stream.next_out = 0
      stream.avail_out = PIECE_BYTES
      const status = zlibInflate(stream, Z_NO_FLUSH)
      if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) {
        throw new SluiceError('invalid-record', 'The file is not gzip, or is damaged')
      }
      if (stream.next_out > 0) yield stream.output.subarray(0, stream.next_out)
      if (status === Z_STREAM_END) inMember = false
    }
  }
  if (inMember || members === 0) {
    throw new SluiceError('invalid-record', 'The gzip file breaks off')
  }
}
