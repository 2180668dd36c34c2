import type { Bytes, Source, Writer } from '../contracts/index.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { concatBytes } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { iterate } from './reading.ts'

/** Smaller chunks are gathered to this. */
const PIECE_BYTES = 64 * 1024

/** A source as a stream that pulls one value at a time. Cancelling it ends the reading of the source at once. */
export function toReadableStream<T>(source: Source<T>): ReadableStream<T> {
  const reading = iterate(source)
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await reading.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reading.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** All bytes of a source. Throws `too-large` as soon as more than `maxBytes` came, and cancels the source. */
export async function collectBytes(
  source: Source<Bytes>,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Bytes> {
  const pieces: Bytes[] = []
  const small = new ByteBuffer()
  let size = 0
  for await (const chunk of iterate(source)) {
    size += chunk.byteLength
    if (size > maxBytes) throw new SluiceError('too-large', `More than ${maxBytes} bytes came`)
    // A list of tiny chunks would take many times their bytes.
    if (small.byteLength + chunk.byteLength < PIECE_BYTES) small.append(chunk)
    else pieces.push(small.take(chunk))
  }
  if (small.byteLength > 0) pieces.push(small.take())
  return concatBytes(pieces)
}

/** Makes `await using` abort: what every writer's `[Symbol.asyncDispose]` does. */
export async function disposeWriter(writer: Pick<Writer<never, unknown>, 'abort'>): Promise<void> {
  await writer.abort(new SluiceError('aborted', 'The scope was left without close()'))
}
