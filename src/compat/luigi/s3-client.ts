import type { Bytes, CallOptions, ObjectInfo } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import type { ObjectWritten } from '../../core/parts-writer.ts'
import { putBody } from '../../core/put-body.ts'
import { remove } from '../../files/remove.ts'
import { type Buckets, bucketsByName, bucketsOf } from './connection.ts'
import { type Copied, copyFiles } from './copy-files.ts'
import { decodeText } from './encodings.ts'
import { bucketExists, filesBelow, folderExists } from './folders.ts'
import { checkApart, sourceMark } from './move-checks.ts'
import { openPlace, type Place, placeOf, setPlaces } from './places.ts'
import {
  COPY_OPTIONS,
  dividedOptions,
  MOVE_OPTIONS,
  PUT_OPTIONS,
  type S3PutMultipartOptions,
  type S3PutOptions,
} from './put-options.ts'
import type {
  Connections,
  PutSource,
  S3BucketsOptions,
  S3ClientOptions,
  S3CopyFilesOptions,
  S3ListOptions,
  S3MkdirOptions,
  S3MoveOptions,
  S3RemoveOptions,
} from './s3-client-options.ts'
import { folderMarker, folderName, isRoot, parseS3Path } from './s3-path.ts'

const BUCKETS_OPTIONS: OptionNames<S3BucketsOptions & Connections> = {
  buckets: true,
  connections: true,
}
const MKDIR_OPTIONS: OptionNames<S3MkdirOptions> = {
  parents: true,
  raiseIfExists: true,
  signal: true,
}
const LIST_OPTIONS: OptionNames<S3ListOptions & { readonly returnKey?: boolean }> = {
  returnKey: true,
  startTime: true,
  endTime: true,
  signal: true,
}
const REMOVE_OPTIONS: OptionNames<S3RemoveOptions> = { recursive: true, signal: true }

/**
 * Luigi's client: files and folders by paths such as `s3://bucket/folder/file`. A folder exists when an object lies below it, or marks it
 * (`folder/`, `folder_$folder$`). Sends nothing before its first call, and shares nothing with other clients.
 *
 * Errors of the constructor: `invalid-options` for a role or a key of which only half is given, and for an option that nobody knows; `unauthenticated`
 * without credentials. Of each call: `invalid-options` for what is no path of S3, `invalid-key`, `not-found` with the `serverCode`
 * `NoSuchBucket` for an absent bucket, `aborted`, and the store's. Others are said where they occur.
 * @see https://luigi.readthedocs.io/en/stable/api/luigi.contrib.s3.html
 */
export class S3Client {
  readonly #buckets: Buckets
  readonly #connections: number

  constructor(options: S3ClientOptions) {
    if (typeof options !== 'object' || options === null) {
      const message =
        'S3Client takes buckets or a connection; that of sluice/node/luigi finds credentials of the environment'
      throw new SluiceError('invalid-options', message)
    }
    const { connections = 6 } = options
    checkCount('connections', connections)
    this.#connections = connections
    const buckets = 'buckets' in options ? bucketsOfStores(options) : bucketsOf(options)
    this.#buckets = buckets
    setPlaces(this, (path, storage) => {
      const { bucket, key } = parseS3Path(path)
      return { bucket, key, store: buckets.storeOf(bucket, storage) }
    })
  }

  /** Whether there is an object or a folder. Of a bucket: whether it answers, be it with a refusal. */
  async exists(path: string, options: CallOptions = {}): Promise<boolean> {
    const place = this.#at(path)
    if (isRoot(place)) return bucketExists(place.store, options)
    if (await place.store.head(place.key, { signal: options.signal })) return true
    return folderExists(place.store, place.key, options)
  }

  /** Whether there is a folder, or a bucket. */
  async isDir(path: string, options: CallOptions = {}): Promise<boolean> {
    const place = this.#at(path)
    if (isRoot(place)) return bucketExists(place.store, options)
    return folderExists(place.store, place.key, options)
  }

  /**
   * Marks a folder by an empty object, `path/`; the folders above need none. What it marks stays as it is when it is there. A bucket
   * is not made. Errors: `already-exists` with `raiseIfExists`; `not-found` without `parents` where the parent is missing.
   */
  async mkdir(path: string, options: S3MkdirOptions = {}): Promise<void> {
    checkOptionNames('S3Client.mkdir', options, MKDIR_OPTIONS)
    const { parents = true, raiseIfExists = false, signal } = options
    const place = this.#at(path)
    const { store, key, bucket } = place
    if (raiseIfExists && (await this.isDir(path, { signal }))) {
      throw new SluiceError('already-exists', `There is a folder ${path}`, { key })
    }
    if (isRoot(place)) return
    const name = folderName(key)
    const parent = name.slice(0, Math.max(name.lastIndexOf('/'), 0))
    if (!parents && !(await this.isDir(`s3://${bucket}/${parent}`, { signal }))) {
      const message = `There is no folder "${parent}" to make ${path} in`
      throw new SluiceError('not-found', message, { key: parent })
    }
    const marker = `${name}/`
    if (await store.head(marker, { signal })) return
    await store.put(marker, new Uint8Array(0), { signal })
  }

  /** Puts a file, in parts of 8 MiB where it is larger. It is there as a whole, or not at all. */
  async put(
    source: PutSource,
    destination: string,
    options: S3PutOptions = {},
  ): Promise<ObjectWritten> {
    return this.putMultipart(source, destination, options)
  }

  /** Puts a text, as UTF-8. Errors: `invalid-options` for a lone surrogate. */
  async putString(
    content: string,
    destination: string,
    options: S3PutOptions = {},
  ): Promise<ObjectWritten> {
    return this.#write(content, destination, options)
  }

  /** The same as `put`, in parts of another size. */
  async putMultipart(
    source: PutSource,
    destination: string,
    options: S3PutMultipartOptions = {},
  ): Promise<ObjectWritten> {
    if (typeof source === 'string') {
      const message = 'A text is put by putString; a file by the client of sluice/node/luigi'
      throw new SluiceError('invalid-options', message)
    }
    return this.#write(source, destination, options)
  }

  /** Reads an object into a stream, which is closed at the end, and aborted when that fails. Errors: `not-found`. */
  async get(
    source: string,
    destination: WritableStream<Bytes>,
    options: CallOptions = {},
  ): Promise<void> {
    const { body } = await openPlace(this, source, options)
    await body.pipeTo(destination)
  }

  /** An object as a whole. Not guaranteed: that it fits into memory. Errors: `not-found`. */
  async getAsBytes(path: string, options: CallOptions = {}): Promise<Bytes> {
    return (await openPlace(this, path, options)).bytes()
  }

  /**
   * The same as a text. Default `utf-8`. Errors: `not-found`; `invalid-record` for bytes that are none of this encoding;
   * `invalid-options` for an encoding that nobody knows.
   */
  async getAsString(path: string, encoding = 'utf-8', options: CallOptions = {}): Promise<string> {
    return decodeText(await this.getAsBytes(path, options), encoding)
  }

  /** What is kept of the object of exactly this key; `undefined` for a folder, a bucket, and what is absent. */
  async getKey(path: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const place = this.#at(path)
    if (isRoot(place)) return undefined
    return place.store.head(place.key, { signal: options.signal })
  }

  /** All files below a folder, at any depth, by their names in it; the folder's own marker is `''`. Lazy. */
  list(
    path: string,
    options?: S3ListOptions & { readonly returnKey?: false },
  ): AsyncGenerator<string>
  list(
    path: string,
    options: S3ListOptions & { readonly returnKey: true },
  ): AsyncGenerator<ObjectInfo>
  async *list(
    path: string,
    given: S3ListOptions & { readonly returnKey?: boolean } = {},
  ): AsyncGenerator<string | ObjectInfo, void, undefined> {
    checkOptionNames('S3Client.list', given, LIST_OPTIONS)
    const { returnKey = false, ...options } = given
    const place = this.#at(path)
    const folder = isRoot(place) ? '' : `${folderName(place.key)}/`
    for await (const file of filesBelow(place.store, folder, options)) {
      yield returnKey ? file : file.key.slice(folder.length)
    }
  }

  /** The same by their whole paths, which begin as `path` does. */
  listdir(
    path: string,
    options?: S3ListOptions & { readonly returnKey?: false },
  ): AsyncGenerator<string>
  listdir(
    path: string,
    options: S3ListOptions & { readonly returnKey: true },
  ): AsyncGenerator<ObjectInfo>
  async *listdir(
    path: string,
    { returnKey = false, ...options }: S3ListOptions & { readonly returnKey?: boolean } = {},
  ): AsyncGenerator<string | ObjectInfo, void, undefined> {
    if (returnKey) return yield* this.list(path, { ...options, returnKey })
    const folder = `${isRoot(this.#at(path)) ? path.replace(/\/+$/, '') : folderName(path)}/`
    for await (const name of this.list(path, options)) yield folder + name
  }

  /**
   * Copies an object, a folder with all below it, or both where both have this name. Within a bucket, and from one to another of
   * the same server, the store does it, where it can; else the bytes pass through here, four files at a time.
   *
   * Guaranteed: each file is copied as a whole, or not at all; a folder's times bound which are (a single object's do not); after a failure nothing new is begun.
   * Not guaranteed: a folder as a whole: what was copied before a failure stays.
   *
   * Errors: `not-found` when there is neither; `invalid-options` for a copy onto or into itself, also one to a folder above that would write below the source.
   */
  async copy(
    source: string,
    destination: string,
    options: S3CopyFilesOptions = {},
  ): Promise<Copied> {
    checkOptionNames('S3Client.copy', options, COPY_OPTIONS)
    const { threads = 100, startTime, endTime, ...given } = options
    checkCount('threads', threads)
    const { storage, upload } = dividedOptions(given)
    const from = this.#at(source)
    const to = this.#at(destination)
    const writing = storage ? placeOf(this, destination, storage).store : to.store
    const copyBetween = this.#buckets.copyBetween(from.bucket, to.bucket, storage)
    return copyFiles(
      { ...from, key: isRoot(from) ? '' : from.key },
      { ...to, key: isRoot(to) ? '' : to.key, writing, copyBetween },
      Math.min(threads, this.#connections),
      { startTime, endTime, signal: upload.signal },
    )
  }

  /**
   * Copies, then removes the source. Not guaranteed: atomicity; when the removal fails, both stay, and what is written below the source during the removal may
   * be removed without having been copied.
   *
   * Errors: those of `copy` and `remove`; `invalid-options` also onto itself under another bucket's name, and onto the source's own marker; `conflict` when the source has changed while
   * it was copied: then it stays.
   */
  async move(source: string, destination: string, options: S3MoveOptions = {}): Promise<void> {
    const from = this.#at(source)
    if (isRoot(from)) throw wholeBucket(source)
    checkOptionNames('S3Client.move', options, MOVE_OPTIONS)
    const { signal } = options
    const to = this.#at(destination)
    await checkApart(from, { ...to, key: isRoot(to) ? '' : to.key }, { signal })
    const before = await sourceMark(from, { signal })
    await this.copy(source, destination, options)
    if ((await sourceMark(from, { signal })) !== before) {
      const message = `${source} changed while it was copied to ${destination}: it was not removed`
      throw new SluiceError('conflict', message, { key: from.key })
    }
    await this.remove(source, { signal })
  }

  /** `move` under its other name. */
  async rename(source: string, destination: string, options: S3MoveOptions = {}): Promise<void> {
    await this.move(source, destination, options)
  }

  /**
   * Moves where nothing is. Errors: `already-exists`, and those of `move`. Not guaranteed: that nobody writes there between the look and the copy.
   */
  async renameDontMove(
    source: string,
    destination: string,
    options: S3MoveOptions = {},
  ): Promise<void> {
    if (await this.exists(destination, { signal: options.signal })) {
      throw new SluiceError('already-exists', `There is something at ${destination}`)
    }
    await this.move(source, destination, options)
  }

  /**
   * Removes an object, and the folder of this name with all below it and its markers, 1,000 keys at a time. Answers whether there was anything.
   *
   * Errors: `invalid-options` for a bucket, and without `recursive` for a folder; when keys could not be deleted, that of the first one,
   * which counts them and names ten. Everything else is gone then.
   */
  async remove(path: string, options: S3RemoveOptions = {}): Promise<boolean> {
    checkOptionNames('S3Client.remove', options, REMOVE_OPTIONS)
    const { recursive = true, signal } = options
    const place = this.#at(path)
    const { store, key } = place
    if (isRoot(place)) throw wholeBucket(path)
    const object = await store.head(key, { signal })
    if (!recursive && object) {
      await remove(store, key, { signal })
      return true
    }
    const folder = await folderExists(store, key, { signal })
    if (!folder && !object) return false
    if (!recursive) {
      const message = `${path} is a folder: remove it with recursive`
      throw new SluiceError('invalid-options', message, { key })
    }
    await remove(store, key, { recursive: true, signal })
    if (folder) await remove(store, folderMarker(key), { signal })
    return true
  }

  #at(path: string): Place {
    return placeOf(this, path)
  }

  #write(
    body: PutSource | string,
    destination: string,
    options: S3PutMultipartOptions,
  ): Promise<ObjectWritten> {
    checkOptionNames('S3Client.put', options, PUT_OPTIONS)
    const { storage, upload } = dividedOptions(options)
    const { store, key } = placeOf(this, destination, storage)
    return putBody(store, key, body, upload)
  }
}

function bucketsOfStores(options: S3BucketsOptions & Connections): Buckets {
  checkOptionNames('S3Client', options, BUCKETS_OPTIONS)
  return bucketsByName(options.buckets)
}

function checkCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count > 0) return
  throw new SluiceError('invalid-options', `${name} (${count}) must be a positive integer`)
}

function wholeBucket(path: string): SluiceError {
  return new SluiceError('invalid-options', `${path} is a whole bucket, which is not removed so`)
}
