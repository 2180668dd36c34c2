import type { Bytes, CallOptions, Store } from '../../contracts/index.ts'
import { ownBytes } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { isWellFormed } from '../../core/keys.ts'
import { ByteWriter } from '../../formats/msglc/codecs/byte-writer.ts'
import type { Codec } from '../../formats/msglc/codecs/codec.ts'
import { HEADER_BYTES, type MagicOptions, readHeader } from '../../formats/msglc/header.ts'
import { storeHandle } from './byte-handle.ts'

/** A file for an archive: an object of the same store, or bytes that are here. */
export type ArchiveFile = (
  | { readonly key: string; readonly bytes?: undefined }
  | { readonly bytes: Uint8Array; readonly key?: undefined }
) & {
  /** All files of an archive have one, and no two the same; or none has. */
  readonly name?: string | undefined
}

/** Bytes of an archive, and where they are now. */
export type ArchivePiece =
  | { readonly bytes: Bytes }
  | {
      readonly key: string
      readonly etag: string
      readonly range: { readonly start: number; readonly end: number }
    }

export function pieceBytes(piece: ArchivePiece): number {
  return 'bytes' in piece ? piece.bytes.byteLength : piece.range.end - piece.range.start
}

/** The file as a piece, from its header to the end of its table of contents. Throws what is wrong with it, by its name. */
export async function pieceOf(
  store: Pick<Store, 'get'>,
  file: ArchiveFile,
  options: MagicOptions & CallOptions,
): Promise<ArchivePiece> {
  const { magic, isCompatible, signal } = options
  checkFile(file)
  if (file.bytes) {
    const { byteLength } = file.bytes
    const end = endOf(file.bytes, byteLength, 'The bytes of a file', { magic, isCompatible })
    return { bytes: ownBytes(file.bytes).subarray(0, end) }
  }
  const { key } = file
  const { handle, first, etag } = await storeHandle(store, key, HEADER_BYTES, { signal })
  const end = endOf(first, handle.size, `"${key}"`, { magic, isCompatible })
  return { key, etag, range: { start: 0, end } }
}

/** Throws `invalid-options` for what the types forbid, and for a name that no table of contents can hold. */
function checkFile(file: ArchiveFile | undefined): void {
  const { key, bytes, name }: { [P in keyof ArchiveFile]?: unknown } = file ?? {}
  if (!(bytes instanceof Uint8Array) && !(bytes === undefined && typeof key === 'string')) {
    throw new SluiceError('invalid-options', 'A file of an archive has a key, or bytes')
  }
  if (name === undefined) return
  if (typeof name !== 'string') {
    throw new SluiceError('invalid-options', `The name of a file is no text, but a ${typeof name}`)
  }
  if (isWellFormed(name)) return
  const message = `The name ${JSON.stringify(name.slice(0, 200))} of a file holds a lone surrogate, which UTF-8 cannot express`
  throw new SluiceError('invalid-options', message)
}

function endOf(first: Uint8Array, sizeBytes: number, what: string, options: MagicOptions): number {
  try {
    const { tocStart, tocBytes } = readHeader(first, sizeBytes, options)
    return HEADER_BYTES + tocStart + tocBytes
  } catch (cause) {
    throw new SluiceError(
      'protocol',
      `${what} cannot be part of an archive: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

/** The files of an archive by their names, or their order, and where they begin. */
export class ArchiveEntries {
  readonly starts: number[] = []
  /** In the order of the files. A set, because an archive may hold millions. */
  #names: Set<unknown> | undefined

  /** Throws `invalid-options`, and takes nothing, for a name where there are none, none where there are some, and one that is there. */
  add(name: unknown, start: number): void {
    const isNamed = name !== undefined
    if (this.starts.length > 0 && isNamed !== (this.#names !== undefined)) {
      throw new SluiceError(
        'invalid-options',
        'Either all files of an archive have names, or none has',
      )
    }
    if (this.#names?.has(name)) {
      throw new SluiceError(
        'invalid-options',
        `A file of the archive is called ${String(name)} already`,
      )
    }
    if (isNamed) {
      this.#names ??= new Set()
      this.#names.add(name)
    }
    this.starts.push(start)
  }

  /** The table of contents: `{"t":…}`. */
  table(codec: Codec): Bytes {
    const toc = new ByteWriter()
    codec.map(toc, 1)
    codec.scalar(toc, 't')
    codec[this.#names ? 'map' : 'list'](toc, this.starts.length)
    const names = this.#names?.values()
    for (const start of this.starts) {
      if (names) codec.scalar(toc, names.next().value as string)
      codec.scalar(toc, start)
    }
    return toc.take()
  }
}
