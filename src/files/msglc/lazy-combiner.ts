import type {
  Bytes,
  CallOptions,
  ComposeResult,
  ComposeSource,
  PutOptions,
  Source,
  Store,
  WriteConditions,
} from '../../contracts/index.ts'
import { concatBytes, cutUtf8, utf8Length } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { type ObjectWriterOptions, objectWriter } from '../../core/object-writer.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { iterate } from '../../core/reading.ts'
import { FILE_TYPES } from '../../formats/file-types.ts'
import type { Codec, CodecName } from '../../formats/msglc/codecs/codec.ts'
import {
  codecOf,
  HEADER_BYTES,
  type MagicOptions,
  magicBytes,
  writeHeader,
} from '../../formats/msglc/header.ts'
import { checkBound } from '../../formats/msglc/options.ts'
import {
  ArchiveEntries,
  type ArchiveFile,
  type ArchivePiece,
  pieceBytes,
  pieceOf,
} from './archive-entries.ts'
import { storeHandle } from './byte-handle.ts'
import { FileReader } from './file-reader.ts'
import { RangeReader } from './range-reader.ts'

/** What an archive needs of a store. `compose` copies on the server; without it the bytes pass through here. */
export type ArchiveStore = Pick<
  Store,
  | 'capabilities'
  | 'get'
  | 'head'
  | 'put'
  | 'delete'
  | 'compose'
  | 'createMultipart'
  | 'resumeMultipart'
>

export interface AppendFilesOptions extends MagicOptions, CallOptions {
  /** The largest table of contents that is read or made. Default 64 MiB; `too-large` beyond. */
  readonly maxTocBytes?: number | undefined
  /**
   * Where the server does not copy: the size of a part, of which five are held, and the largest archive that is put whole. Default 8 MiB. A store
   * that takes conditions on what is put whole only (the R2 binding) appends to no larger one: raise it as far as memory goes.
   */
  readonly partBytes?: number | undefined
}

export interface LazyCombinerOptions extends AppendFilesOptions, WriteConditions {
  /** Of the archive's own table of contents; its files keep theirs. Default `msgpack`. */
  readonly codec?: CodecName | undefined
}

const APPEND_OPTIONS: OptionNames<AppendFilesOptions> = {
  maxTocBytes: true,
  partBytes: true,
  magic: true,
  isCompatible: true,
  signal: true,
}

const OPTIONS: OptionNames<LazyCombinerOptions> = {
  ...APPEND_OPTIONS,
  codec: true,
  ifMatch: true,
  ifNoneMatch: true,
}

export interface ArchiveWritten {
  readonly key: string
  readonly etag: string
  /** Of the whole archive. */
  readonly bytes: number
  /** Of these, what the server copied. The others were sent from here. */
  readonly copiedBytes: number
}

export interface LazyCombiner {
  /**
   * Takes a file: its header is looked at, and nothing is copied yet. Once one has failed, `write` and `close` fail as it did: an archive
   * without it is not what was asked for.
   */
  write(file: ArchiveFile): Promise<void>
  /** Makes the archive. `invalid-options` when it has no file. */
  close(): Promise<ArchiveWritten>
}

const MAX_TOC_BYTES = 64 * 1024 ** 2
/** A key of so many bytes has room for a suffix behind it, and for a prefix that a store puts before it. */
const SHORT_KEY_BYTES = 200

/**
 * Puts msglc files together into one, an archive, which is read as a list or a map of their values; each can be an archive itself,
 * and of either codec. Their bytes are kept as they are: `raw()` gives them back.
 *
 * Where the store can (`compose`), the server copies them, and only what S3 does not copy (around the borders of what is smaller than a part)
 * passes through here; a small object beside the key holds what is new, and is removed again. Else all bytes are read and written.
 *
 * Guaranteed: whole or absent; the versions whose headers were looked at. Nothing is written before `close`.
 *
 * Errors: `not-found`, and `protocol` for what is no msglc file, with its key; `invalid-options` for files with and without names, and
 * for a name that is there twice; `precondition-failed` or `conflict` where a file was replaced meanwhile; `too-large`; the store's.
 */
export function lazyCombiner(
  store: ArchiveStore,
  key: string,
  options: LazyCombinerOptions = {},
): LazyCombiner {
  checkOptionNames('lazyCombiner', options, OPTIONS)
  const { ifMatch, ifNoneMatch, signal, maxTocBytes = MAX_TOC_BYTES } = options
  checkBound('maxTocBytes', maxTocBytes)
  const codec = codecOf(options.codec)
  const magic = magicBytes(options.magic)
  const entries = new ArchiveEntries()
  const pieces: ArchivePiece[] = []
  let payloadBytes = 0
  // One after the other, so that the archive has them in the order of the calls. The first that fails ends it.
  let turn: Promise<void> = Promise.resolve()
  let closed = false

  async function take(file: ArchiveFile): Promise<void> {
    const piece = await pieceOf(store, file, options)
    entries.add(file.name, payloadBytes)
    pieces.push(piece)
    payloadBytes += pieceBytes(piece)
  }

  return {
    async write(file) {
      if (closed) throw invalid(key, 'is closed, and takes no more files')
      turn = turn.then(() => take(file))
      await turn
    },
    async close() {
      if (closed) throw invalid(key, 'is closed already')
      closed = true
      await turn
      if (pieces.length === 0)
        throw invalid(key, 'is to be an archive of no files, which no reader takes')
      const put = { contentType: FILE_TYPES.msglc.contentType, ifMatch, ifNoneMatch, signal }
      return assemble(store, key, pieces, { codec, magic, entries, payloadBytes }, options, put)
    },
  }
}

/**
 * Adds files to the archive that is there. As with `lazyCombiner` the server copies where it can; headers and metadata stay.
 *
 * Guaranteed: the archive is replaced as a whole, on condition that it is the version that was read. So no append of another is lost:
 * whoever comes second gets `precondition-failed`, and calls again. Nothing is created.
 *
 * Errors: as `lazyCombiner`; `not-found` where there is no object; `invalid-options` for an object that is no archive; `not-supported`
 * where the store takes no conditions, and for an archive of more than `partBytes` where it takes none on what comes in parts.
 */
export async function append(
  store: ArchiveStore,
  key: string,
  files: Source<ArchiveFile>,
  options: AppendFilesOptions = {},
): Promise<ArchiveWritten> {
  checkOptionNames('append', options, APPEND_OPTIONS)
  const { signal, magic, isCompatible, maxTocBytes = MAX_TOC_BYTES } = options
  checkBound('maxTocBytes', maxTocBytes)
  const found = await store.head(key, { signal })
  const opened = await storeHandle(store, key, HEADER_BYTES, { signal })
  if (!found || found.etag !== opened.etag) throw replaced(key)
  const ranges = new RangeReader(opened, { signal })
  const file = await FileReader.open(
    ranges,
    { start: 0, end: ranges.size },
    { magic, isCompatible, maxTocBytes },
  )
  const { node } = file.root('')
  if (node.kind !== 'archive') throw invalid(key, 'is no archive, and nothing can be added to it')
  const { codec, tocStart } = file.header
  const entries = new ArchiveEntries()
  const { keys } = node.children
  for (const [index, { start }] of node.files.entries()) entries.add(keys?.[index], start)
  const start = HEADER_BYTES
  const pieces: ArchivePiece[] = [
    { key, etag: opened.etag, range: { start, end: start + tocStart } },
  ]
  let payloadBytes = tocStart
  for await (const added of iterate(files)) {
    const piece = await pieceOf(store, added, options)
    entries.add(added.name, payloadBytes)
    pieces.push(piece)
    payloadBytes += pieceBytes(piece)
  }
  const { contentType, cacheControl, contentDisposition, contentEncoding, metadata } = found
  const headers = { contentType, cacheControl, contentDisposition, contentEncoding, metadata }
  const put = { ...headers, ifMatch: opened.etag, signal }
  const [magicFound] = await ranges.read([{ start: 0, end: magicBytes().byteLength }])
  const archive = { codec, magic: (magicFound as Uint8Array).slice(), entries, payloadBytes }
  return assemble(store, key, pieces, archive, options, put)
}

interface Archive {
  readonly codec: Codec
  readonly magic: Bytes
  readonly entries: ArchiveEntries
  readonly payloadBytes: number
}

async function assemble(
  store: ArchiveStore,
  key: string,
  pieces: readonly ArchivePiece[],
  { codec, magic, entries, payloadBytes }: Archive,
  { maxTocBytes = MAX_TOC_BYTES, partBytes }: AppendFilesOptions,
  put: PutOptions,
): Promise<ArchiveWritten> {
  const toc = entries.table(codec)
  if (toc.byteLength > maxTocBytes) {
    const message = `The table of contents of "${key}" would have ${toc.byteLength} bytes; maxTocBytes allows ${maxTocBytes}`
    throw new SluiceError('too-large', message, { key })
  }
  const header = writeHeader({ codec, tocStart: payloadBytes, tocBytes: toc.byteLength }, magic)
  const all: ArchivePiece[] = [{ bytes: header }, ...pieces, { bytes: toc }]
  const bytes = HEADER_BYTES + payloadBytes + toc.byteLength
  const { etag, sentBytes } = store.compose
    ? await composed(store, store.compose.bind(store), key, all, put)
    : {
        ...(await streamed(store, key, all, { ...put, sizeBytes: bytes, partBytes })),
        sentBytes: bytes,
      }
  return { key, etag, bytes, copiedBytes: bytes - sentBytes }
}

/** What is here goes into an object of its own first: a server composes objects only. */
async function composed(
  store: ArchiveStore,
  compose: NonNullable<Store['compose']>,
  key: string,
  pieces: readonly ArchivePiece[],
  put: PutOptions,
): Promise<ComposeResult> {
  const { signal } = put
  const fresh = freshKey(key)
  const here: Bytes[] = []
  let at = 0
  const sources = pieces.map((piece): ComposeSource => {
    if (!('bytes' in piece)) return { key: piece.key, range: piece.range, ifMatch: piece.etag }
    const start = at
    here.push(piece.bytes)
    at += piece.bytes.byteLength
    return { key: fresh, range: { start, end: at } }
  })
  try {
    await store.put(fresh, concatBytes(here), { signal })
    return await compose(sources, key, put)
  } finally {
    // Without the caller's signal, which may be why. What cannot be removed is named for what it is.
    await store.delete(fresh).catch(() => {})
  }
}

/** Beside the key, and no longer than that, unless it is short: where the caller's key can be, this can. */
function freshKey(key: string): string {
  const suffix = `.${crypto.randomUUID()}.new`
  const [beginning] = cutUtf8(key, Math.max(utf8Length(key) - suffix.length, SHORT_KEY_BYTES))
  return `${beginning}${suffix}`
}

async function streamed(
  store: ArchiveStore,
  key: string,
  pieces: readonly ArchivePiece[],
  put: ObjectWriterOptions,
): Promise<{ readonly etag: string }> {
  await using writer = objectWriter(store, key, put)
  for (const piece of pieces) {
    if ('bytes' in piece) await writer.write(piece.bytes)
    else {
      const { range, etag: ifMatch } = piece
      const part = await store.get(piece.key, { range, ifMatch, signal: put.signal })
      if (!part) throw replaced(piece.key)
      for await (const chunk of iterate(part.body)) await writer.write(chunk)
    }
  }
  return writer.close()
}

function replaced(key: string): SluiceError {
  return new SluiceError('precondition-failed', `"${key}" was replaced while it was read`, { key })
}

function invalid(key: string, why: string): SluiceError {
  return new SluiceError('invalid-options', `"${key}" ${why}`, { key })
}
