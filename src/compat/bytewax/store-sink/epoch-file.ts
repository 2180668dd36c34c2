import type { Chunk, Clock, Encoder, Format, Schema, Store } from '../../../contracts/index.ts'
import { ByteBuffer } from '../../../core/byte-buffer.ts'
import { SluiceError } from '../../../core/errors.ts'
import { ObjectUpload } from '../../../core/object-upload.ts'
import { idMetadata, type PreparedFile } from './prepared-file.ts'

export interface EpochFileOptions<R> {
  readonly store: Store
  readonly format: Format<R>
  readonly schema: Schema | undefined
  readonly partBytes: number | undefined
  readonly concurrency: number | undefined
  readonly clock: Clock
}

/** One epoch of one partition on its way into an object. */
export class EpochFile<R> {
  readonly #id: string = crypto.randomUUID()
  readonly #encoder: Encoder<R>
  readonly #upload: ObjectUpload
  readonly #rest = new ByteBuffer()
  #partNumber = 0

  constructor(key: string, options: EpochFileOptions<R>) {
    const { store, format, schema, partBytes, concurrency, clock } = options
    const { contentType } = format
    const metadata = idMetadata(this.#id)
    const upload = { contentType, metadata, partBytes, concurrency, clock }
    this.#encoder = format.encoder({ schema })
    if (this.#encoder.headBytes > 0) {
      const message = `A .${format.extension} file is not sent before it ends, since its head is known last`
      throw new SluiceError('not-supported', message, { key })
    }
    this.#upload = new ObjectUpload(store, key, upload)
  }

  write(rows: readonly R[]): Promise<void> {
    return this.#guard(async () => {
      for (const chunk of await this.#encoder.write(rows)) await this.#take(chunk)
    })
  }

  /** Sends all of it, in parts however little it is, and leaves it to be completed. */
  prepare(): Promise<PreparedFile> {
    return this.#guard(async () => {
      const { chunks } = await this.#encoder.close()
      for (const chunk of chunks) await this.#take(chunk)
      if (this.#rest.byteLength > 0) await this.#send()
      return { id: this.#id, ...(await this.#upload.sent()) }
    })
  }

  async #take(chunk: Chunk): Promise<void> {
    const { partBytes } = this.#upload.plan
    for (let at = 0; at < chunk.byteLength; ) {
      const piece = chunk.subarray(at, at + partBytes - this.#rest.byteLength)
      at += piece.byteLength
      this.#rest.append(piece)
      if (this.#rest.byteLength === partBytes) await this.#send()
    }
  }

  async #send(): Promise<void> {
    const upload = this.#upload
    if (this.#partNumber === 0) await upload.begin()
    if (this.#partNumber === upload.limits?.maxParts) upload.throwTooLarge()
    const part = this.#rest.take()
    // The buffer has grown by doubling, and would be held as long as the part is on its way.
    const isWhole = part.byteLength === part.buffer.byteLength
    await upload.send(++this.#partNumber, isWhole ? part : part.slice())
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw await this.#upload.end(error, 'protocol')
    }
  }
}
