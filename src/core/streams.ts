import type { Bytes, Source, Writer } from '../contracts/index.ts'
import { concatBytes, fromUtf8Strict } from './bytes.ts'
import { SluiceError } from './errors.ts'

/**
 * Any source as an async iterable. Leaving the loop early cancels the source, in every runtime: Safari's
 * `ReadableStream` has no async iterator before 26.4, so its reader is used directly.
 */
export async function* iterate<T>(source: Source<T>): AsyncGenerator<T, void, undefined> {
  if (!(source instanceof ReadableStream)) {
    yield* source
    return
  }
  const reader = source.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        ended = true
        return
      }
      yield value
    }
  } catch (error) {
    ended = true
    throw error
  } finally {
    if (!ended) await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}

/** An iterable as a stream that pulls one value at a time; cancelling it returns the iterator. */
export function toReadableStream<T>(source: Iterable<T> | AsyncIterable<T>): ReadableStream<T> {
  const iterator = iterate(source)
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await iterator.return()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Bytes that are there already, as a stream. */
export function readableOf(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

/** All bytes of a source. Throws `too-large` as soon as more than `maxBytes` came, and cancels the source. */
export async function collectBytes(
  source: Source<Bytes>,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Bytes> {
  const chunks: Bytes[] = []
  let size = 0
  for await (const chunk of iterate(source)) {
    size += chunk.byteLength
    if (size > maxBytes) throw new SluiceError('too-large', `More than ${maxBytes} bytes came`)
    chunks.push(chunk)
  }
  return concatBytes(chunks)
}

export interface ReadLinesOptions {
  /** `too-large` for a longer line. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined
}

/**
 * Lines of UTF-8 text, without their `\n` or `\r\n`; the last one need not be ended. A byte order mark at the start is
 * taken off. Throws `invalid-record` for bytes that are not UTF-8. Holds one line at a time.
 */
export async function* readLines(
  source: Source<Bytes>,
  options: ReadLinesOptions = {},
): AsyncGenerator<string, void, undefined> {
  let number = 0
  for await (const line of readLineBytes(source, options)) {
    number++
    const text = fromUtf8Strict(line)
    if (text === undefined) throw new SluiceError('invalid-record', `Line ${number} is not UTF-8`)
    yield number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
  }
}

/** The same as bytes. A newline byte is never part of another character in UTF-8, so lines are cut before decoding. */
export async function* readLineBytes(
  source: Source<Bytes>,
  options: ReadLinesOptions = {},
): AsyncGenerator<Bytes, void, undefined> {
  const { maxLineBytes = 16 * 1024 * 1024 } = options
  let held: Bytes[] = []
  let heldBytes = 0
  let number = 1
  for await (const chunk of iterate(source)) {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(0x0a, from)
      const piece = chunk.subarray(from, end < 0 ? chunk.byteLength : end)
      if (heldBytes + piece.byteLength > maxLineBytes) {
        throw new SluiceError('too-large', `Line ${number} is longer than ${maxLineBytes} bytes`)
      }
      held.push(piece)
      heldBytes += piece.byteLength
      if (end < 0) break
      yield withoutReturn(concatBytes(held))
      held = []
      heldBytes = 0
      number++
      from = end + 1
    }
  }
  if (heldBytes > 0) yield withoutReturn(concatBytes(held))
}

function withoutReturn(line: Bytes): Bytes {
  return line[line.byteLength - 1] === 0x0d ? line.subarray(0, -1) : line
}

/** Makes `await using` abort: what every writer's `[Symbol.asyncDispose]` does. */
export async function disposeWriter(writer: Pick<Writer<never, unknown>, 'abort'>): Promise<void> {
  await writer.abort(new SluiceError('aborted', 'The scope was left without close()'))
}
