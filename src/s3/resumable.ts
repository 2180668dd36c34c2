import type { Bytes, MultipartToken, MultipartUpload, Part } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import type { Resumption } from '../core/object-upload.ts'
import type { Resumable } from '../core/put-body.ts'

/** A part that has arrived. */
export interface CheckpointPart extends Part {
  /** SHA-256 of its bytes in hex. */
  readonly sha256?: string | undefined
}

/** What is needed to go on with an upload, in another process too. Plain JSON, without secrets. */
export interface UploadCheckpoint extends MultipartToken {
  /** Of the first part. */
  readonly partBytes: number
  /** Of the whole object, where it was known. */
  readonly sizeBytes?: number | undefined
  /** Ascending by number, maybe with holes. */
  readonly parts: readonly CheckpointPart[]
}

export interface ResumableOptions {
  /**
   * Called, and awaited, when an upload has been opened and after each part, with what `resume` takes: plain JSON, to be kept. Each
   * part is hashed then. Never called for an object of one part.
   */
  readonly onCheckpoint?: ((token: UploadCheckpoint) => void | Promise<void>) | undefined
  /** Goes on with an upload. The source is given again, from its start. */
  readonly resume?: UploadCheckpoint | undefined
}

/**
 * Lets the uploads of `put` outlive a failure:
 *
 * ```ts
 * await put(client, 'film.mp4', file, { resumable: resumable({ onCheckpoint: keep }) })
 * await put(client, 'film.mp4', file, { resumable: resumable({ resume: token }) })
 * ```
 *
 * The error names the `uploadId`, and `resume` with the last token and the same source goes on: parts that have arrived are read
 * again, held against the token by size and SHA-256, and not sent again. Only where that could never end well
 * (`precondition-failed`, `too-large`, `not-supported`) the upload is aborted. Whoever gives up calls `resumeUpload(client,
 * token).abort()`. Each part in flight of a Blob is in memory then.
 *
 * Errors, those of `put`: `invalid-options` for a token that is none, or of another key, size or source; `conflict` for one whose
 * parts somebody else has replaced; `not-found` for one whose upload is gone.
 */
export function resumable(options: ResumableOptions): Resumable {
  return (key, sizeBytes) => {
    const { resume, onCheckpoint } = options
    if (resume) checkCheckpoint(resume, key, sizeBytes)
    if (resume || onCheckpoint) return new KeptUpload(options, (resume ?? { sizeBytes }).sizeBytes)
    return undefined
  }
}

/** No resumption could end well after these. */
const FINAL = new Set(['precondition-failed', 'too-large', 'not-supported', 'not-found'])

/** An upload that outlives its process: tells what has arrived, and takes no part again that has. */
class KeptUpload implements Resumption {
  readonly #options: ResumableOptions
  readonly #sizeBytes: number | undefined
  /** All are read again, to be held against what was sent. */
  readonly arrived: readonly Part[] = []
  #partBytes = 0
  /** What has arrived before, and was not read again yet. */
  #kept: Map<number, CheckpointPart> = new Map()
  readonly #parts: CheckpointPart[] = []
  #saved: Promise<void> = Promise.resolve()

  constructor(options: ResumableOptions, sizeBytes: number | undefined) {
    this.#options = options
    this.#sizeBytes = sizeBytes
  }

  get token(): UploadCheckpoint | undefined {
    return this.#options.resume
  }

  /**
   * An upload was opened, or is gone on with: then each part of the token must be on the server as it is in there.
   *
   * Errors: `not-found` when the upload is gone; `conflict` when a part is another one; `not-supported` where parts cannot be listed.
   */
  async open(upload: MultipartUpload, partBytes: number, signal: AbortSignal): Promise<void> {
    this.#partBytes = partBytes
    const { resume } = this.#options
    if (!resume) return this.#checkpoint(upload)
    const { key, uploadId } = upload
    if (!upload.listParts) {
      throw new SluiceError('not-supported', `This store cannot list the parts of "${key}"`, {
        key,
      })
    }
    const listed = new Map<number, Part>()
    for await (const part of upload.listParts({ signal })) listed.set(part.partNumber, part)
    for (const part of resume.parts) {
      const { partNumber, etag, sizeBytes } = part
      const found = listed.get(partNumber)
      if (found?.etag !== etag || found.sizeBytes !== sizeBytes) {
        throw new SluiceError(
          'conflict',
          `Part ${partNumber} of "${key}" is not the one that was sent: somebody else writes into the upload ${uploadId}`,
          { key, uploadId, retryable: false },
        )
      }
      this.#kept.set(partNumber, part)
    }
  }

  /** Sends a part, unless it has arrived before. `invalid-options` when other bytes have. */
  async putPart(
    upload: MultipartUpload,
    partNumber: number,
    body: Bytes | Blob,
    signal: AbortSignal,
  ): Promise<Part> {
    const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body
    const sha256 = await sha256Hex(bytes)
    let part = this.#kept.get(partNumber)
    if (part && (part.sizeBytes !== bytes.byteLength || (part.sha256 ?? sha256) !== sha256)) {
      throw otherSource(upload, `differs in part ${partNumber}`)
    }
    part ??= { ...(await upload.putPart(partNumber, bytes, { signal })), sha256 }
    this.#kept.delete(partNumber)
    this.#parts.push(part)
    await this.#checkpoint(upload)
    return part
  }

  /** Throws `invalid-options` when the source has ended before what has arrived. */
  checkEnd(upload: MultipartUpload): void {
    const [missing] = this.#kept.keys()
    if (missing !== undefined) throw otherSource(upload, `ends before part ${missing}`)
  }

  /** Whether the upload is to stay open after this failure. */
  survives({ code }: SluiceError): boolean {
    return !FINAL.has(code)
  }

  /** One after the other, so that an older one never replaces a newer one. */
  #checkpoint(upload: MultipartUpload): Promise<void> {
    const { onCheckpoint } = this.#options
    if (onCheckpoint) {
      this.#saved = this.#saved.then(() => {
        const parts = [...this.#parts, ...this.#kept.values()]
        parts.sort((a, b) => a.partNumber - b.partNumber)
        return onCheckpoint({
          ...upload.toJSON(),
          partBytes: this.#partBytes,
          sizeBytes: this.#sizeBytes,
          parts,
        })
      })
    }
    return this.#saved
  }
}

/** Throws `invalid-options` for what is no token for this key and size. It comes from wherever it was kept. */
export function checkCheckpoint(
  { uploadId, parts, ...token }: UploadCheckpoint,
  key: string,
  sizeBytes: number | undefined,
): void {
  const same = token.sizeBytes === undefined || (sizeBytes ?? token.sizeBytes) === token.sizeBytes
  if (token.key === key && typeof uploadId === 'string' && Array.isArray(parts) && same) return
  throw new SluiceError(
    'invalid-options',
    `The token to resume by is none, or of another source or key than "${key}"`,
    { key, uploadId },
  )
}

/** The upload was begun with other bytes. */
function otherSource({ key, uploadId }: MultipartUpload, what: string): SluiceError {
  return new SluiceError(
    'invalid-options',
    `The source of "${key}" ${what}: it is not the one that the upload was begun with`,
    { key, uploadId },
  )
}
