/** What `fsStore` needs of `node:fs/promises`. Node, Bun and Deno have it. */
export interface FsLike {
  open(path: string, flags: 'r' | 'wx'): Promise<FileHandleLike>
  lstat(path: string, options: { bigint: true }): Promise<StatsLike>
  readdir(path: string, options: { withFileTypes: true }): Promise<readonly DirentLike[]>
  readFile(path: string, encoding: 'utf8'): Promise<string>
  mkdir(path: string, options?: { recursive: boolean }): Promise<unknown>
  /** Must fail with `EEXIST` when the new path exists: what create-only rests on. */
  link(existingPath: string, newPath: string): Promise<void>
  /** Must replace a file in one step. */
  rename(oldPath: string, newPath: string): Promise<void>
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  rm(path: string, options: { recursive: true; force: true }): Promise<void>
}

export interface FileHandleLike {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
  stat(options: { bigint: true }): Promise<StatsLike>
  utimes(accessedSeconds: number, modifiedSeconds: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface StatsLike {
  readonly size: bigint
  readonly ino: bigint
  readonly mtimeNs: bigint
  isFile(): boolean
  isDirectory(): boolean
}

export interface DirentLike {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
}

/** The file system and the folder in it that is the store. */
export interface FsRoom {
  readonly fs: FsLike
  readonly root: string
}

/** Where the store keeps what is not an object: no key maps into it. */
export const PRIVATE_NAME = '.sluice'

export function privatePath(room: FsRoom, ...names: readonly string[]): string {
  return [room.root, PRIVATE_NAME, ...names].join('/')
}

/** The error's `code` as Node names it, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** `undefined` instead of an error of one of these codes. */
export async function unless<T>(
  codes: readonly string[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** Nothing is there: no such name, or a file where a folder would have to be. */
export const ABSENT: readonly string[] = ['ENOENT', 'ENOTDIR']
