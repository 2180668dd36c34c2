import { utf8 } from '../../../core/bytes.ts'
import { asSluiceError, SluiceError } from '../../../core/errors.ts'
import { isWellFormed } from '../../../core/keys.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import type { StatefulSinkPartition } from '../outputs.ts'
import type { FileLike, FilesLike } from './files-like.ts'

/** What the file sinks take. */
export interface LineFileOptions {
  /** `node:fs/promises`, or what has its shape. */
  readonly fs: FilesLike
  /** Written after each value. Default `\n`. */
  readonly end?: string | undefined
}

export const FILE_OPTIONS: OptionNames<LineFileOptions> = { fs: true, end: true }

/** Throws `invalid-options` for options that nobody knows, and without `fs`. */
export function checkFileOptions(
  what: string,
  options: LineFileOptions,
  known: Readonly<Record<string, true>>,
): void {
  checkOptionNames(what, options ?? {}, known)
  if (typeof options?.fs?.open === 'function') return
  const message = `${what}: fs is missing: import fs from 'node:fs/promises', and give { fs }`
  throw new SluiceError('invalid-options', message)
}

/** A file of the sink: where it lies, and the folder that has its name. */
export interface LineFilePath {
  readonly path: string
  readonly folder: string
}

/**
 * Opens a file where a snapshot says, dropping what is behind it; without one it is made empty. `precondition-failed` for a file that is
 * shorter than that: what was written there is lost, and the rest would be at the wrong place.
 */
export async function openLineFile(
  { path, folder }: LineFilePath,
  options: LineFileOptions,
  resumeState: number | undefined,
): Promise<StatefulSinkPartition<string, number>> {
  const { fs } = options
  const offset = resumeState ?? 0
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new SluiceError('invalid-options', `The snapshot of "${path}" is no place in a file`)
  }
  await guard(path, async () => {
    if (resumeState === undefined) await withFile(fs, path, 'a', async () => {})
    await withFile(fs, path, 'r+', async (file) => {
      const { size } = await file.stat()
      if (size < offset) throw tooShort(path, size, offset)
      if (size > offset) await file.truncate(offset)
      await file.sync()
    })
    // So that a machine that goes down keeps the file's name.
    if (resumeState === undefined) await syncFolder(fs, folder)
  })
  return new LineFile(path, options, offset)
}

/** Opened for each batch: nobody tells a partition that its run has failed, and so it holds nothing that would have to be closed. */
class LineFile implements StatefulSinkPartition<string, number> {
  readonly #path: string
  readonly #fs: FilesLike
  readonly #end: string
  #offset: number

  constructor(path: string, { fs, end = '\n' }: LineFileOptions, offset: number) {
    this.#path = path
    this.#fs = fs
    this.#end = end
    this.#offset = offset
  }

  async writeBatch(values: readonly string[]): Promise<void> {
    const path = this.#path
    for (const value of values) {
      if (typeof value === 'string' && isWellFormed(value)) continue
      const message = `"${path}" takes texts of whole characters, and was given something else`
      throw new SluiceError('invalid-record', message)
    }
    const bytes = utf8(values.map((value) => value + this.#end).join(''))
    await guard(path, () =>
      withFile(this.#fs, path, 'r+', async (file) => {
        for (let at = 0; at < bytes.byteLength; ) {
          const left = bytes.byteLength - at
          at += (await file.write(bytes, at, left, this.#offset + at)).bytesWritten
        }
        await file.sync()
      }),
    )
    this.#offset += bytes.byteLength
  }

  snapshot(): number {
    return this.#offset
  }
}

async function withFile(
  fs: FilesLike,
  path: string,
  flags: 'a' | 'r' | 'r+',
  run: (file: FileLike) => Promise<void>,
): Promise<void> {
  const file = await fs.open(path, flags)
  try {
    await run(file)
  } finally {
    await file.close()
  }
}

/** Windows opens no folder, and makes names durable by itself. */
async function syncFolder(fs: FilesLike, folder: string): Promise<void> {
  try {
    await withFile(fs, folder, 'r', (file) => file.sync())
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL'].includes(codeOf(error))) throw error
  }
}

async function guard(path: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const errno = codeOf(error)
    const code = errno === 'ENOENT' ? 'not-found' : 'unavailable'
    const hint = errno === 'ENOENT' ? '; the file, or its folder, is not there' : ''
    throw asSluiceError(error, code, `Could not write "${path}" (${errno})${hint}`)
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null | undefined)?.code)
}

function tooShort(path: string, size: number, offset: number): SluiceError {
  const message = `"${path}" has ${size} bytes, and its snapshot is behind ${offset}: it was lost or replaced. Put it back, or resume from an earlier epoch`
  return new SluiceError('precondition-failed', message)
}
