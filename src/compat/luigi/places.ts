import type { CallOptions, GetResult, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'
import type { S3Place } from './s3-path.ts'

export interface Place extends S3Place {
  readonly store: Store
}

export type FindPlace = (path: string, storage?: S3StorageOptions) => Place

/** What a client reads and writes with, for the targets of this package: its users have its methods. */
const found = new WeakMap<object, FindPlace>()

export function setPlaces(client: object, find: FindPlace): void {
  found.set(client, find)
}

/** `invalid-options` for what is no client of this package. */
export function checkClient(client: unknown): void {
  if (typeof client === 'object' && client !== null && found.has(client)) return
  throw new SluiceError('invalid-options', 'client must be an S3Client of sluice/luigi')
}

/** Where a path leads, in the hands of this client. */
export function placeOf(client: object, path: string, storage?: S3StorageOptions): Place {
  const find = found.get(client)
  if (find) return find(path, storage)
  throw new SluiceError('invalid-options', 'client must be an S3Client of sluice/luigi')
}

/** The object there. Errors: `not-found`. */
export async function openPlace(
  client: object,
  path: string,
  { signal }: CallOptions,
): Promise<GetResult> {
  const { store, key } = placeOf(client, path)
  const object = await store.get(key, { signal })
  if (!object) throw new SluiceError('not-found', `There is no object at ${path}`, { key })
  return object
}
