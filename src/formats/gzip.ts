import type { Bytes, Chunk, Encoder, Format } from '../contracts/index.ts'
import { Chunker } from '../core/chunker.ts'
import { SluiceError } from '../core/errors.ts'
import { FILE_TYPES, gzipped } from './file-types.ts'

/**
 * The compressor is fed pieces of one size, so that how rows were batched leaves no trace in its output. They are small
 * because workerd's takes any amount at once and gives out 4 KiB per read: with larger ones most of a file gathers in it.
 */
const PIECE_BYTES = 4 * 1024

/**
 * What deflate holds once it has been fed as much: a window of 32 KiB, twice, and a block of symbols. It cannot be seen from
 * what came out: some runtimes give the 10 bytes of gzip's header at once, and then nothing for long.
 */
const DEFLATE_BYTES = 128 * 1024

/**
 * The format's file, compressed whole by the platform's gzip: `.jsonl.gz`, `application/gzip`, and no
 * `Content-Encoding`. No rows: a valid, empty gzip file around what the format makes of no rows.
 *
 * The same rows give the same bytes on one runtime; another runtime's deflate may compress otherwise. It cannot be gone on with by
 * another encoder: what deflate holds back, and what it looks back on, cannot be had from `CompressionStream`.
 *
 * Errors: `invalid-options` around Parquet, which compresses its pages itself and is read in parts, which gzip would end;
 * `not-supported` where the runtime has no `CompressionStream`.
 */
export function gzip<R>(format: Format<R>): Format<R> {
  if (format.extension === FILE_TYPES.parquet.extension) {
    throw new SluiceError(
      'invalid-options',
      'gzip around Parquet would make a file that no Parquet reader opens; Parquet compresses its pages itself: see its codec',
    )
  }
  if (typeof CompressionStream === 'undefined') {
    throw new SluiceError(
      'not-supported',
      'This runtime has no CompressionStream, which gzip needs',
    )
  }
  const type = gzipped(format)
  return {
    ...type,
    inference: format.inference,
    check: (row) => format.check(row),
    checkColumns: (schema) => format.checkColumns?.(schema),
    encoder(options = {}) {
      if (options.from === undefined) return gzipEncoder(format.encoder(options))
      throw new SluiceError(
        'not-supported',
        `A .${type.extension} file cannot be gone on with; encode it anew`,
      )
    },
  }
}

function gzipEncoder<R>(inner: Encoder<R>): Encoder<R> {
  if (inner.headBytes > 0) {
    throw new SluiceError(
      'not-supported',
      'gzip needs a file that is written from its start to its end',
    )
  }
  const stream = new CompressionStream('gzip')
  const writer = stream.writable.getWriter()
  const pieces = new Chunker(PIECE_BYTES)
  let ready: Chunk[] = []
  let fedBytes = 0

  const pump = async (): Promise<void> => {
    const reader = stream.readable.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      ready.push(value as Bytes)
    }
  }
  const pumped = pump()
  // Awaited in `close`; without this a failure before that would count as unhandled.
  pumped.catch(() => {})

  const compress = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const chunk of chunks) {
      for (const piece of pieces.push(chunk)) {
        fedBytes += piece.byteLength
        await writer.write(piece)
      }
    }
  }
  const takeReady = (): Chunk[] => {
    const chunks = ready
    ready = []
    return chunks
  }

  return {
    get bufferedBytes() {
      let readyBytes = 0
      for (const chunk of ready) readyBytes += chunk.byteLength
      const insideBytes = Math.min(fedBytes, DEFLATE_BYTES)
      return inner.bufferedBytes + pieces.bufferedBytes + insideBytes + readyBytes
    },
    headBytes: 0,
    async write(rows) {
      await compress(await inner.write(rows))
      return takeReady()
    },
    async close() {
      const { chunks } = await inner.close()
      await compress(chunks)
      const rest = pieces.rest()
      if (rest) await writer.write(rest)
      await writer.close()
      await pumped
      return { chunks: takeReady() }
    },
  }
}
