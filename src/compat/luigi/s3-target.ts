import type { CallOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { objectWriter } from '../../core/object-writer.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { FormatValue, TargetFormat, TargetWriter } from './formats/target-format.ts'
import { text } from './formats/text.ts'
import { checkClient, openPlace, placeOf } from './places.ts'
import { dividedOptions, PUT_OPTIONS, type S3PutMultipartOptions } from './put-options.ts'
import type { S3Client } from './s3-client.ts'
import { isRoot, parseS3Path } from './s3-path.ts'
import { type TargetReader, targetReader } from './target-reader.ts'

export interface S3TargetOptions<Value extends FormatValue = string> extends S3PutMultipartOptions {
  /** Default `text()`. */
  readonly format?: TargetFormat<Value> | undefined
  /** `sluice/node/luigi` makes one of the environment where none is given. */
  readonly client: S3Client
}

export const TARGET_OPTIONS: OptionNames<S3TargetOptions> = {
  ...PUT_OPTIONS,
  format: true,
  client: true,
}

export interface OpenReadOptions extends CallOptions {
  /** Of a line, in characters or bytes. Default 16 Mi. */
  readonly maxLineLength?: number | undefined
}

const READ_OPTIONS: OptionNames<OpenReadOptions> = { maxLineLength: true, signal: true }
/** What is kept with the file is said when its target is made. */
const WRITE_OPTIONS: OptionNames<CallOptions> = { signal: true }

/**
 * A file in a bucket, as the output of a task and the input of the next. Everything but `format` and `client` is a put option, and goes with
 * what `open('w')` writes.
 *
 * Errors of the constructor: `invalid-options` for what is no path of S3, no format and no client, and for an option that nobody knows.
 */
export class S3Target<Value extends FormatValue = string> {
  readonly path: string
  readonly format: TargetFormat<Value>
  /** The client. */
  readonly fs: S3Client
  readonly #options: S3PutMultipartOptions

  constructor(path: string, options: S3TargetOptions<Value>) {
    const { format, client, ...put } = options ?? {}
    checkClient(client)
    checkOptionNames('S3Target', options, TARGET_OPTIONS)
    checkFormat(format)
    parseS3Path(path)
    this.path = path
    // Without a format a target holds text, which its type says by default.
    this.format = format ?? (text() as unknown as TargetFormat<Value>)
    this.fs = client
    this.#options = put
  }

  /** Whether there is an object or a folder. Names are taken as they are: `*` stands for nothing else. */
  exists(options: CallOptions = {}): Promise<boolean> {
    return this.fs.exists(this.path, options)
  }

  /** Removes it, and what is below it. Answers whether there was anything. */
  remove(options: CallOptions = {}): Promise<boolean> {
    return this.fs.remove(this.path, options)
  }

  /**
   * Reads, from the first byte on; what cuts the connection is gone on from. Errors: `not-found`.
   *
   * ```ts
   * await using file = await target.open()
   * for await (const line of file) console.log(line)
   * ```
   */
  open(mode?: 'r', options?: OpenReadOptions): Promise<TargetReader<Value>>
  /**
   * Writes, in parts of 8 MiB on their way while the next one fills. The file appears as a whole when `close()` has resolved, and never when an `await using`
   * scope is left without it. No local file is made; at most five parts are held.
   *
   * ```ts
   * await using file = target.open('w')
   * await file.write('a line\n')
   * await file.close()
   * ```
   */
  open(mode: 'w', options?: CallOptions): TargetWriter<Value>
  open(
    mode: 'r' | 'w' = 'r',
    options: OpenReadOptions = {},
  ): Promise<TargetReader<Value>> | TargetWriter<Value> {
    if (mode !== 'r' && mode !== 'w') {
      throw new SluiceError('invalid-options', `There is no mode ${JSON.stringify(mode)}: r or w`)
    }
    checkOptionNames('S3Target.open', options, mode === 'r' ? READ_OPTIONS : WRITE_OPTIONS)
    return mode === 'r' ? this.#read(options) : this.#write(options)
  }

  /**
   * Gives a path beside this one to write to, `…-luigi-tmp-0123456789`, and moves what is there to this one when `use` has resolved. When it has not, what was
   * written is removed.
   *
   * Guaranteed: one file appears as a whole. Not guaranteed: the same of a folder, whose files are copied one by one.
   *
   * Errors: `invalid-options` for a bucket; `already-exists` when there is something at this path by then; `not-found` when nothing was written; what `use` throws.
   */
  async temporaryPath(use: (path: string) => Promise<void>): Promise<void> {
    if (isRoot(parseS3Path(this.path))) {
      throw new SluiceError(
        'invalid-options',
        `${this.path} is a whole bucket, with nothing beside`,
      )
    }
    const [, path = '', slash = ''] = /^(.*?)(\/?)$/s.exec(this.path) ?? []
    const number = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n
    const temporary = `${path}-luigi-tmp-${String(number % 10n ** 10n).padStart(10, '0')}${slash}`
    try {
      await use(temporary)
      await this.fs.renameDontMove(temporary, this.path)
    } catch (error) {
      await this.fs.remove(temporary).catch(() => {})
      throw error
    }
  }

  async #read({
    signal,
    maxLineLength = 16 * 1024 ** 2,
  }: OpenReadOptions): Promise<TargetReader<Value>> {
    const { body } = await openPlace(this.fs, this.path, { signal })
    return targetReader(this.format.pipeReader(body), this.format.input, maxLineLength)
  }

  #write({ signal }: CallOptions): TargetWriter<Value> {
    const { storage, upload } = dividedOptions(this.#options)
    const { store, key } = placeOf(this.fs, this.path, storage)
    return this.format.pipeWriter(
      objectWriter(store, key, { ...upload, signal: signal ?? upload.signal }),
    )
  }
}

function checkFormat(format: unknown): void {
  if (format === undefined) return
  const { pipeReader, pipeWriter } = Object(format) as Partial<TargetFormat<FormatValue>>
  if (typeof pipeReader === 'function' && typeof pipeWriter === 'function') return
  const message = 'format must be one such as text(), bytes(), or gzip() of sluice/luigi/gzip'
  throw new SluiceError('invalid-options', message)
}
