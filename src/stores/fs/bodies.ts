import type { Bytes } from '../../contracts/index.ts'
import { throwIfAborted } from '../../core/errors.ts'
import { iterate } from '../../core/reading.ts'
import type { BodySource } from '../get-result.ts'
import type { FileHandleLike } from './fs-like.ts'
import { writeAt } from './objects.ts'

const CHUNK_BYTES = 256 * 1024

/** Answers how many bytes it wrote. A Blob is never in memory as a whole. */
export async function writeBody(
  file: FileHandleLike,
  body: Bytes | Blob,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!(body instanceof Blob)) {
    throwIfAborted(signal)
    await writeAt(file, body, 0)
    return body.byteLength
  }
  let position = 0
  for await (const chunk of iterate(body.stream())) {
    throwIfAborted(signal)
    await writeAt(file, chunk, position)
    position += chunk.byteLength
  }
  return position
}

/** Bytes `[start, end)` of an open file, which it closes. */
export function fileSource(file: FileHandleLike, start: number, end: number): BodySource {
  let at = start
  let closed = false
  return {
    async next() {
      if (at >= end) return undefined
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - at))
      const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, at)
      if (bytesRead === 0) throw new Error(`The file ended at ${at} of ${end} bytes`)
      at += bytesRead
      return chunk.subarray(0, bytesRead)
    },
    async close() {
      if (closed) return
      closed = true
      await file.close()
    },
  }
}

/** All of an open file, from its beginning, to a place in another. Answers where it ends there. */
export async function copyFile(
  from: FileHandleLike,
  to: FileHandleLike,
  position: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  for (let read = 0; ; ) {
    throwIfAborted(signal)
    const { bytesRead } = await from.read(chunk, 0, chunk.byteLength, read)
    if (bytesRead === 0) return position + read
    await writeAt(to, chunk.subarray(0, bytesRead), position + read)
    read += bytesRead
  }
}
