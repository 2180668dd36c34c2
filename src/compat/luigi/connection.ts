import type { CallOptions, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { OptionNames } from '../../core/option-names.ts'
import type { S3Client } from '../../s3/client.ts'
import { copyObject } from '../../s3/copy.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'
import { s3ClientStore } from '../../stores/s3.ts'
import { CONNECTION_OPTIONS, clientsOf, type S3Connection } from '../s3-connection.ts'
import type { Connections } from './s3-client-options.ts'

/** What the buckets of the paths are. */
export interface Buckets {
  /** The store of a bucket, whose objects are written so. Throws `not-found` for a bucket that is not there. */
  storeOf(bucket: string, storage?: S3StorageOptions): Store
  /** How the server copies from one bucket to another; `undefined` where it cannot, or they are of different servers. */
  copyBetween(from: string, to: string, storage?: S3StorageOptions): ServerCopy | undefined
}

/** Copies an object, headers and metadata included, from a key to a key. */
export type ServerCopy = (from: string, to: string, options: CallOptions) => Promise<unknown>

/** Any stores, by the names of the buckets that they stand for. */
export function bucketsByName(buckets: Readonly<Record<string, Store>>): Buckets {
  const storeOf: Buckets['storeOf'] = (bucket, storage) => {
    const store = Object.hasOwn(buckets, bucket) ? buckets[bucket] : undefined
    if (!store) {
      const message = `There is no bucket "${bucket}" among those that this client was given`
      throw new SluiceError('not-found', message, { serverCode: 'NoSuchBucket' })
    }
    if (!storage) return store
    const [name] = Object.entries(storage).find(([, value]) => value !== undefined) ?? []
    const message = `${name} is an option of S3's, and this client was given a store of its own for "${bucket}"`
    throw new SluiceError('not-supported', message)
  }
  return { storeOf, copyBetween: () => undefined }
}

const OPTIONS: OptionNames<S3Connection & Connections> = {
  ...CONNECTION_OPTIONS,
  connections: true,
}

/** Checks the connection, and sends nothing. */
export function bucketsOf(connection: S3Connection & Connections): Buckets {
  const { capabilities } = connection
  const clientOf = clientsOf('S3Client', connection, OPTIONS)
  const opened = new Map<string, { readonly client: S3Client; readonly store: Store }>()
  const open = (bucket: string): { readonly client: S3Client; readonly store: Store } => {
    const known = opened.get(bucket)
    if (known) return known
    const client = clientOf(bucket)
    const made = { client, store: s3ClientStore(client, { capabilities }) }
    opened.set(bucket, made)
    return made
  }
  return {
    storeOf(bucket, storage) {
      const { client, store } = open(bucket)
      return storage ? s3ClientStore(client, { capabilities, storage }) : store
    },
    copyBetween(from, to, storage) {
      const [{ client: source }, { client, store }] = [open(from), open(to)]
      if (!store.copy) return undefined
      return (key, target, options) =>
        copyObject(client, key, target, { ...options, ...storage, source })
    },
  }
}
