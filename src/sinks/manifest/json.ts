import type { Bytes, CallOptions, Store } from '../../contracts/index.ts'
import { fromUtf8Strict, utf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { collectBytes } from '../../core/streams.ts'
import type { ManifestFile } from './manifest.ts'

/** Of entries and checkpoints. Whatever changes their meaning raises it, and is refused by what came before. */
const VERSION = 1

/** Far more than one commit brings: some 40,000 files. */
export const MAX_ENTRY_BYTES: number = 16 * 1024 * 1024

/** Some 200,000 files. A larger state is read from more entries instead. */
export const MAX_CHECKPOINT_BYTES: number = 64 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

export function manifestBytes(fields: Fields): Bytes {
  return utf8(JSON.stringify({ version: VERSION, ...fields }))
}

/**
 * A manifest's object; `undefined` when there is none. Throws `too-large`, `not-supported` for what a later version of Sluice wrote,
 * and `protocol` for what is no such object.
 */
export async function readManifestObject(
  store: Store,
  key: string,
  maxBytes: number,
  { signal }: CallOptions,
): Promise<ManifestFields | undefined> {
  const found = await store.get(key, { signal })
  if (!found) return undefined
  const text = fromUtf8Strict(await bounded(key, collectBytes(found.body, maxBytes)))
  let fields: unknown
  try {
    fields = JSON.parse(text ?? '')
  } catch (cause) {
    throw damaged(key, cause)
  }
  if (!isFields(fields)) throw damaged(key)
  const { version } = fields
  if (version !== VERSION) {
    const known = Number.isSafeInteger(version) && (version as number) > VERSION
    if (!known) throw damaged(key)
    throw new SluiceError(
      'not-supported',
      `"${key}" was written by a later version of Sluice (its format is ${version}, known is ${VERSION})`,
      { key },
    )
  }
  return new ManifestFields(key, fields)
}

async function bounded<T>(key: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    if (!(cause instanceof SluiceError) || cause.code !== 'too-large') throw cause
    throw new SluiceError('too-large', `"${key}" is larger than any that Sluice writes`, {
      key,
      cause,
    })
  }
}

/** What an object of the manifest holds, read field by field: each is what it should be, or the object is refused. */
export class ManifestFields {
  readonly #key: string
  readonly #fields: Fields

  constructor(key: string, fields: Fields) {
    this.#key = key
    this.#fields = fields
  }

  text(name: string): string {
    return this.#check(this.#own(name), isText)
  }

  count(name: string): number {
    return this.#check(this.#own(name), isCount)
  }

  texts(name: string): string[] {
    return this.#list(name).map((item) => this.#check(item, isText))
  }

  objects(name: string): ManifestFields[] {
    return this.#list(name).map(
      (item) => new ManifestFields(this.#key, this.#check(item, isFields)),
    )
  }

  intervals(name: string): (readonly [number, number])[] {
    return this.#list(name).map((item) => {
      const [begin, end, ...more] = this.#check(item, Array.isArray) as unknown[]
      if (!isCount(begin) || !isCount(end) || begin >= end || more.length > 0) {
        throw damaged(this.#key)
      }
      return [begin, end]
    })
  }

  /** A file of the stream. */
  file(stream: string): ManifestFile {
    const [begin, end] = [this.count('begin'), this.count('end')]
    if (begin >= end) throw damaged(this.#key)
    return {
      id: this.text('id'),
      key: this.text('key'),
      etag: this.text('etag'),
      bytes: this.count('bytes'),
      lane: {
        stream,
        partition: this.text('partition'),
        shard: this.text('shard'),
        schema: this.text('schema'),
      },
      begin,
      end,
      reason: this.text('reason') as ManifestFile['reason'],
      openedAtMs: this.#check(this.#own('openedAtMs'), isTime),
      sealedAtMs: this.#check(this.#own('sealedAtMs'), isTime),
      ...(this.#own('run') !== undefined && { run: this.text('run') }),
    }
  }

  #list(name: string): readonly unknown[] {
    return this.#check(this.#own(name), Array.isArray) as readonly unknown[]
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  #check<T>(value: unknown, is: (value: unknown) => value is T): T {
    if (is(value)) return value
    throw damaged(this.#key)
  }
}

/** What `ManifestFields.file` reads. */
export function fileFields(file: ManifestFile): Fields {
  const { id, key, etag, bytes, lane, begin, end, reason, openedAtMs, sealedAtMs, run } = file
  const { partition, shard, schema } = lane
  return {
    id,
    key,
    etag,
    bytes,
    partition,
    shard,
    schema,
    begin,
    end,
    reason,
    openedAtMs,
    sealedAtMs,
    ...(run !== undefined && { run }),
  }
}

function damaged(key: string, cause?: unknown): SluiceError {
  return new SluiceError('protocol', `"${key}" is damaged: it is no part of a manifest`, {
    key,
    cause,
  })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
