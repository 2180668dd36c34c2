import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { bytes, pipedWriter, type TargetFormat } from '../compat/luigi/index.ts'
import type { Bytes } from '../contracts/index.ts'
import { Chunker } from '../core/chunker.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { derive } from '../core/reading.ts'

/** What it is asked of: how much input it has taken, as Node's compressors count. */
type Codec = Transform & { readonly bytesWritten: number }

/** Smaller writes are gathered: each goes through another thread. */
const PIECE_BYTES = 64 * 1024

/**
 * Bytes that are stored as Zstandard, by the zstd that comes with the runtime: Node from 22.15 on. Reads files of several frames. What it unpacks is given out as
 * it is read, however much one chunk unpacks to, and a frame that wants more than 128 MiB of memory is refused.
 *
 * Errors: `not-supported` at once where the runtime has no zstd; `invalid-record` for what is not Zstandard, is damaged, or breaks off.
 * @see https://www.rfc-editor.org/rfc/rfc8878
 */
export function zstd(): TargetFormat<Bytes> {
  // Older runtimes have neither, whatever the types say.
  const { createZstdCompress, createZstdDecompress } = zlib as {
    readonly createZstdCompress?: () => Codec
    readonly createZstdDecompress?: () => Codec
  }
  if (!createZstdCompress || !createZstdDecompress) {
    throw new SluiceError('not-supported', 'This runtime has no zstd; Node has it from 22.15 on')
  }
  return {
    input: 'bytes',
    output: 'bytes',
    pipeReader: (source) =>
      derive(source, (chunks) => unpacked(chunks, () => heard(createZstdDecompress()))),
    pipeWriter(target) {
      const codec = heard(createZstdCompress())
      const pieces = new Chunker(PIECE_BYTES)
      return bytes().pipeWriter(
        pipedWriter(
          target,
          async function* (chunk: Bytes) {
            for (const piece of pieces.push(chunk)) yield* through(codec, piece)
          },
          async function* () {
            const piece = pieces.rest()
            if (piece) yield* through(codec, piece)
            yield* rest(codec)
          },
        ),
      )
    },
  }
}

async function* unpacked(
  chunks: AsyncIterable<Bytes>,
  open: () => Codec,
): AsyncGenerator<Bytes, void, undefined> {
  let codec = open()
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        const before = codec.bytesWritten
        yield* through(codec, chunk.subarray(at))
        at += codec.bytesWritten - before
        // Behind a frame that ends within a chunk it takes no more.
        if (codec.readableEnded) codec = open()
      }
    }
    yield* rest(codec)
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    const message = 'The file is not Zstandard, is damaged, or breaks off'
    throw new SluiceError('invalid-record', message, { cause })
  } finally {
    codec.destroy()
  }
}

/** What comes of a chunk, until it is taken or the codec has ended. Nothing is unpacked that nobody reads. */
async function* through(codec: Codec, chunk: Bytes): AsyncGenerator<Bytes, void, undefined> {
  let outcome: { readonly error?: Error | null | undefined } | undefined
  let wake = (): void => {}
  const onChange = (): void => wake()
  const onOutcome = (error?: Error | null): void => {
    outcome ??= { error }
    wake()
  }
  codec.on('readable', onChange).on('end', onChange).on('error', onOutcome)
  codec.write(chunk, onOutcome)
  try {
    for (;;) {
      for (let piece = codec.read(); piece !== null; piece = codec.read()) yield ownBytes(piece)
      if (outcome?.error) throw outcome.error
      if (outcome || codec.readableEnded) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    codec.off('readable', onChange).off('end', onChange).off('error', onOutcome)
  }
}

/** What was held back. */
async function* rest(codec: Codec): AsyncGenerator<Bytes, void, undefined> {
  codec.end()
  for await (const piece of codec) yield ownBytes(piece)
}

/** Its failures are told by what is asked of it; without a listener they would end the process. */
function heard(codec: Codec): Codec {
  return codec.on('error', () => {})
}

function ownBytes(piece: Buffer): Bytes {
  return new Uint8Array(piece)
}
