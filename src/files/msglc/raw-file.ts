import type { Bytes } from '../../contracts/index.ts'
import type { Span } from '../../formats/msglc/toc.ts'
import { ofObject } from './of-object.ts'
import type { RangeReader } from './range-reader.ts'

/** So much of a stream is read at a time. */
const CHUNK_BYTES = 4 * 1024 ** 2

/** The bytes of a file, as they lie there: the outermost one, or one in an archive. Nothing is read before it is asked for. */
export interface RawFile {
  readonly sizeBytes: number
  /** All of them, in one piece. */
  bytes(): Promise<Bytes>
  /** All of them, read 4 MiB at a time as they are taken. */
  stream(): ReadableStream<Bytes>
}

export function rawFile(ranges: RangeReader, { start, end }: Span): RawFile {
  const copy = (span: Span): Promise<Bytes> => ofObject(ranges.key, () => ranges.copy(span))
  return {
    sizeBytes: end - start,
    bytes: () => copy({ start, end }),
    stream() {
      let at = start
      return new ReadableStream<Bytes>(
        {
          async pull(controller) {
            const span = { start: at, end: Math.min(end, at + CHUNK_BYTES) }
            controller.enqueue(await copy(span))
            at = span.end
            if (at === end) controller.close()
          },
        },
        { highWaterMark: 0 },
      )
    },
  }
}
