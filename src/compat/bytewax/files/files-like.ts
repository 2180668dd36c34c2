/** What the file sinks need of `node:fs/promises`. Node, Bun and Deno have it. */
export interface FilesLike {
  /** `a` makes the file where there is none; `r+` writes at any place of one; `r` opens a folder, to sync it. */
  open(path: string, flags: 'a' | 'r' | 'r+'): Promise<FileLike>
}

export interface FileLike {
  stat(): Promise<{ readonly size: number }>
  truncate(sizeBytes: number): Promise<void>
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
  sync(): Promise<void>
  close(): Promise<void>
}
