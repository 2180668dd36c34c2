import type {
  BegunUpload,
  Bytes,
  Encoder,
  EncoderCheckpoint,
  MultipartToken,
  MultipartUpload,
  Part,
  PendingFile,
  UploadProgress,
} from '../../contracts/index.ts'
import { EMPTY } from '../../core/bytes.ts'
import type { UploadTarget } from '../../core/object-upload.ts'
import { type Resumption, sizeOfParts } from '../../core/object-upload.ts'
import { type PartPlan, type PartPlanOptions, partPlan } from '../../core/part-plan.ts'

/**
 * A longer state is not kept, and no later one asked for: it would be written with each part, and a Durable Object keeps values of 2 MB. The
 * last one that was shorter serves, with more rows to be encoded again. Some hundreds of row groups of Parquet come to as much.
 */
const MAX_STATE_LENGTH = 512 * 1024

/** Remembers it in the log. */
type Save = (progress: UploadProgress) => Promise<void>

/**
 * The upload of a sealed file, as the log knows it: from before its first part on, so that a crash leaves none open that nobody
 * knows of, and then as its parts arrive, each time with the last place at which an encoder can go on with what follows them.
 */
export class KeptUpload implements Resumption {
  readonly #plan: PartPlan
  readonly #earlier: UploadProgress | undefined
  readonly #save: Save
  /** What the log has, or is to have next. */
  #progress: UploadProgress | undefined
  #mayBeKnown: boolean
  /** Whether the log has said that it knows the upload. */
  isKept: boolean
  /** What has arrived behind a hole. */
  readonly #ahead = new Map<number, Part>()
  /** By the number of the part that they lie in, or at the end of: the last one of each. */
  readonly #places = new Map<number, EncoderCheckpoint>()
  #place = { partNumber: 0, endBytes: 0 }
  #isTooLong = false
  #saved: Promise<void> = Promise.resolve()

  constructor(plan: PartPlan, earlier: UploadProgress | undefined, save: Save) {
    this.#plan = plan
    this.#earlier = earlier
    this.#progress = earlier
    this.#mayBeKnown = earlier !== undefined
    this.isKept = earlier !== undefined
    this.#save = save
  }

  get token(): (MultipartToken & PartPlanOptions) | undefined {
    return this.#earlier?.token
  }

  get arrived(): readonly Part[] {
    return this.#earlier?.parts ?? []
  }

  async open(upload: MultipartUpload, partBytes: number): Promise<void> {
    if (this.#progress) return
    this.#progress = { token: upload.toJSON(), partBytes, parts: [] }
    // Before the answer: a refused call may have been kept, and the upload be the next owner's to go on with.
    this.#mayBeKnown = true
    await this.#keep()
    this.isKept = true
  }

  async putPart(
    upload: MultipartUpload,
    partNumber: number,
    body: Bytes | Blob,
    signal: AbortSignal,
  ): Promise<Part> {
    const part = await upload.putPart(partNumber, body, { signal })
    this.#ahead.set(partNumber, part)
    if (this.#close()) await this.#keep()
    return part
  }

  checkEnd(): void {}

  /** Once the log may know it, nobody but the log's owner may end it. */
  survives(): boolean {
    return this.#mayBeKnown
  }

  /** The encoder's bytes up to here are on their way; where it could go on from here, it says so. */
  passed(encoder: Encoder<never>): void {
    const place = this.#isTooLong ? undefined : encoder.checkpoint?.()
    this.#isTooLong ||= place !== undefined && place.state.length > MAX_STATE_LENGTH
    if (!place || this.#isTooLong) return
    while (this.#place.endBytes < place.bytes) {
      const partNumber = this.#place.partNumber + 1
      const endBytes = this.#place.endBytes + this.#plan.sizeOf(partNumber)
      this.#place = { partNumber, endBytes }
    }
    this.#places.set(this.#place.partNumber, place)
  }

  /** Takes over what follows the parts that have arrived without holes; whether there was something. */
  #close(): boolean {
    const { parts: before, ...upload } = this.#progress as UploadProgress
    const parts = [...before]
    for (;;) {
      const next = this.#ahead.get(parts.length + 1)
      if (!next) break
      this.#ahead.delete(next.partNumber)
      parts.push(next)
    }
    let { checkpoint } = upload
    for (const [partNumber, place] of this.#places) {
      if (partNumber > parts.length) continue
      this.#places.delete(partNumber)
      checkpoint = place
    }
    const hasGrown = parts.length > before.length
    const begun = begunOf(upload)
    // A part is larger than the tail, which is the beginning of the first one.
    const rest = begun && { begun: { ...begun, tail: hasGrown ? EMPTY : begun.tail } }
    this.#progress = { ...upload, parts, checkpoint, ...rest }
    return hasGrown
  }

  /** One after the other, so that an older one never replaces a newer one. */
  #keep(): Promise<void> {
    this.#saved = this.#saved.then(() => this.#save(this.#progress as UploadProgress))
    return this.#saved
  }
}

/** What is known of a file beside its upload, where it was begun before it was sealed. */
export function begunOf(
  upload: Partial<UploadProgress> | undefined,
): BegunUpload['begun'] | undefined {
  return upload && 'begun' in upload ? (upload as BegunUpload).begun : undefined
}

/**
 * Whether what the log says of an upload can be gone on with: another version of Sluice, other limits of the store, or more memory
 * than a sink has by now, may have made it.
 */
export function canResume(
  { key }: PendingFile,
  { token, partBytes, parts, checkpoint }: UploadProgress,
  target: UploadTarget,
  wantedBytes: number,
): boolean {
  const { multipart } = target.capabilities
  if (!target.resumeMultipart || !multipart || token.key !== key) return false
  if (!checkpoint || parts.length === 0 || checkpoint.bytes > sizeOfParts(parts)) return false
  const mostBytes = partPlan(key, target.capabilities, { partBytes: wantedBytes }).partBytes
  if (partBytes > mostBytes) return false
  const { sizeOf } = partPlan(key, target.capabilities, { partBytes })
  return parts.every(({ partNumber, sizeBytes }, i) => {
    const wanted = sizeOf(partNumber)
    const isLast = i === parts.length - 1
    return partNumber === i + 1 && (isLast ? sizeBytes <= wanted : sizeBytes === wanted)
  })
}
