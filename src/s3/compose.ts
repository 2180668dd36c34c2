import type {
  Bytes,
  CallOptions,
  ComposeResult,
  ComposeSource,
  MultipartLimits,
  ObjectHeaders,
  ObjectInfo,
  PutResult,
} from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { asSluiceError, isSluiceError, SluiceError } from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import { limiter } from '../core/limiter.ts'
import { iterate } from '../core/reading.ts'
import type { S3Client } from './client.ts'
import { composePlan, type Piece, sizeOf, sum } from './compose-plan.ts'
import { beginUpload } from './multipart.ts'
import { checkBody, checkConditional, getObject, headObject, putObject } from './objects.ts'
import type { S3PutObjectOptions, S3StorageOptions } from './put-options.ts'
import {
  completeWith,
  copiedPart,
  type MakePart,
  noSource,
  replaced,
  together,
} from './server-parts.ts'

/**
 * Puts objects of the bucket, or ranges of them, one after the other into a new one, on the server (UploadPartCopy), all of the
 * versions that were seen at the beginning. The target may be one of the sources. Its headers and metadata are those of `options`.
 *
 * Bytes pass through here only where S3 allows no copy: of sources below the least size of a part (5 MiB) that are not the last one,
 * with as much behind them as makes a part; and, at providers that demand equal parts (R2), of the part around each border between
 * sources, unless all have one size and the last is no larger. One such part is held at a time, of the least size, or, with
 * equal parts, a 10,000th of the object where that is more.
 *
 * Errors: `not-found`, and `precondition-failed` for another version than `ifMatch` says, with the source's key; `conflict` when a
 * source was replaced meanwhile; `invalid-options` for no sources and for a range behind the last byte; `not-supported` where bytes
 * must be read that `fetch` decodes (`contentEncoding`); `too-large` for more parts than the provider takes;
 * `precondition-failed` of the target. Where a failed upload cannot be aborted the error names its `uploadId`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
export async function composeObjects(
  client: S3Client,
  sources: readonly ComposeSource[],
  to: string,
  options: S3PutObjectOptions = {},
): Promise<ComposeResult> {
  checkKey(to)
  if (sources.length === 0) throw invalid(to, 'it is to be composed of nothing')
  const looking = sources.map((source) => (signal: AbortSignal) => pieceOf(client, source, signal))
  const pieces = await together(looking, options.signal)
  return assemble(client, to, pieces, options)
}

/** The headers are those of an object that is created by it; one that is there keeps its own, but neither class, key nor tags. */
export interface AppendOptions extends ObjectHeaders, S3StorageOptions, CallOptions {
  /** The version that is appended to. Default: whatever is there, none included. */
  readonly ifMatch?: string | undefined
}

/**
 * Appends to an object, and creates it where there is none.
 *
 * An object of 5 MiB or more is not downloaded: the server copies it and the new bytes follow as parts; a smaller one is read and
 * written again. At providers that demand equal parts (R2) the part around the old end is read too (5 MiB, or a 10,000th of
 * the object), unless the new bytes are no more than the old and those no more than 1 GiB.
 *
 * Guaranteed: the object is replaced as a whole, by a write that demands the version that was read, or that there still is none, so
 * that nobody else's write is lost.
 *
 * Not guaranteed: that it is not appended twice by a caller who appends again after `network` or `timeout`: compare `head` before.
 *
 * Errors: `precondition-failed` when somebody else wrote meanwhile, or `ifMatch` is another version; `not-supported` for an object that
 * must be read and that `fetch` decodes (`contentEncoding`), and where the provider takes no conditions.
 */
export async function appendObject(
  client: S3Client,
  key: string,
  data: Bytes | Blob,
  options: AppendOptions = {},
): Promise<PutResult> {
  checkKey(key)
  checkBody(key, data)
  const { conditionalPut, conditionalComplete } = client.provider.capabilities
  if (!conditionalPut || !conditionalComplete) {
    const why = 'takes no conditions, so that an append could lose the write of another'
    throw new SluiceError('not-supported', `The provider of "${key}" ${why}`, { key })
  }
  const { ifMatch, signal } = options
  const found = await headObject(client, key, { signal })
  if (ifMatch !== undefined && found?.etag !== ifMatch) throw anotherVersion(key)
  const added = { body: data, start: 0, end: data instanceof Blob ? data.size : data.byteLength }
  if (!found) {
    return assemble(client, key, [added], { ...options, ifMatch: undefined, ifNoneMatch: '*' })
  }
  if (added.end === 0) return { etag: found.etag }
  const old = { source: found, start: 0, end: found.sizeBytes }
  const { storageClass, serverSideEncryption, tags } = options
  const kept = { ...found, storageClass, serverSideEncryption, tags }
  return assemble(client, key, [old, added], { ...kept, ifMatch: found.etag, signal })
}

async function pieceOf(
  client: S3Client,
  { key, range, ifMatch }: ComposeSource,
  signal: AbortSignal,
): Promise<Piece> {
  const source = await headObject(client, key, { signal })
  if (!source) throw noSource(key)
  if (ifMatch !== undefined && source.etag !== ifMatch) throw anotherVersion(key)
  const { start, end } = range ?? { start: 0, end: source.sizeBytes }
  if (range && !(start >= 0 && start < end && start < source.sizeBytes)) {
    throw invalid(key, `[${start}, ${end}) is no range of its ${source.sizeBytes} bytes`)
  }
  return { source, start, end: Math.min(end, source.sizeBytes) }
}

/** The pieces, one after the other, as one object: with one put where they fit into the least size of a part. */
async function assemble(
  client: S3Client,
  to: string,
  pieces: readonly Piece[],
  options: S3PutObjectOptions,
): Promise<ComposeResult> {
  const { multipart } = client.provider.capabilities
  if (!multipart) {
    throw new SluiceError('not-supported', `"${to}": this provider knows no parts`, { key: to })
  }
  const filled = pieces.filter((piece) => sizeOf(piece) > 0)
  const plan = composePlan(filled, multipart)
  const [only = []] = plan
  if (plan.length === 0 || (plan.length === 1 && isRead(only, multipart))) {
    const body = await bodyOf(client, only, to, options.signal)
    return { ...(await putObject(client, to, body, options)), sentBytes: sum(only.map(sizeOf)) }
  }
  checkConditional(client, to, options, 'conditionalComplete')
  if (plan.length > multipart.maxParts) {
    const what = `more than ${multipart.maxParts} parts`
    throw new SluiceError('too-large', `"${to}" would have ${what}`, { key: to })
  }
  // One at a time, because each is held.
  const one = limiter(1)
  const parts = plan.map((part): MakePart => {
    const [{ source, start, end }] = part as [Piece]
    if (source && !isRead(part, multipart)) return copiedPart(client, source, start, end)
    return (upload, partNumber, signal) =>
      one(async () => {
        const body = await bodyOf(client, part, to, signal)
        return upload.putPart(partNumber, body, { signal })
      }, signal)
  })
  const { etag } = await completeWith(await beginUpload(client, to, options), parts, options)
  const sent = plan.filter((part) => isRead(part, multipart))
  return { etag, sentBytes: sum(sent.flat().map(sizeOf)) }
}

/** Whether the part must pass through here: AWS copies a range only of an object of more than 5 MB. */
function isRead(part: readonly Piece[], { minPartBytes }: MultipartLimits): boolean {
  const [{ source }] = part as [Piece]
  if (part.length > 1 || !source) return true
  return source.sizeBytes <= minPartBytes && sizeOf(part[0] as Piece) < source.sizeBytes
}

async function bodyOf(
  client: S3Client,
  part: readonly Piece[],
  to: string,
  signal: AbortSignal | undefined,
): Promise<Bytes | Blob> {
  const [only] = part
  if (!only) return EMPTY
  if (part.length === 1 && only.body) return cut(only.body, only)
  const bytes = new Uint8Array(sum(part.map(sizeOf)))
  let at = 0
  for (const piece of part) {
    if (piece.body) {
      const some = cut(piece.body, piece)
      bytes.set(some instanceof Blob ? await bytesOf(some, to) : some, at)
      at += sizeOf(piece)
    } else {
      for await (const chunk of iterate(await read(client, piece.source, piece, to, signal))) {
        bytes.set(chunk, at)
        at += chunk.byteLength
      }
    }
  }
  return bytes
}

async function read(
  client: S3Client,
  source: ObjectInfo,
  { start, end }: Piece,
  to: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Bytes>> {
  const { key, etag } = source
  try {
    // A range even of all, because a body that is decoded on the way is then refused.
    const found = await getObject(client, key, { range: { start, end }, ifMatch: etag, signal })
    if (!found) throw anotherVersion(key)
    return found.body
  } catch (error) {
    throw isSluiceError(error, 'precondition-failed') && key !== to
      ? replaced(source, error)
      : error
  }
}

async function bytesOf(blob: Blob, to: string): Promise<Bytes> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (error) {
    throw asSluiceError(error, 'aborted', 'The Blob cannot be read', { key: to })
  }
}

function cut(body: Bytes | Blob, { start, end }: Piece): Bytes | Blob {
  return body instanceof Blob ? body.slice(start, end) : body.subarray(start, end)
}

function anotherVersion(key: string): SluiceError {
  return new SluiceError('precondition-failed', `"${key}" is not the version that was expected`, {
    key,
  })
}

function invalid(key: string, why: string): SluiceError {
  return new SluiceError('invalid-options', `"${key}": ${why}`, { key })
}
