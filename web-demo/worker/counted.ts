import type { FileLike } from 'sluice/browser'

/** The same file, and how much of it has been read. */
export interface CountedFile extends FileLike {
  readonly readBytes: number
}

export function counted(file: File): CountedFile {
  let readBytes = 0
  return {
    name: file.name,
    type: file.type,
    stream() {
      readBytes = 0
      const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          readBytes += chunk.byteLength
          controller.enqueue(chunk)
        },
      })
      return file.stream().pipeThrough(counter)
    },
    get readBytes() {
      return readBytes
    },
  }
}
