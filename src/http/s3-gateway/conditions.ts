import type { ObjectInfo, WriteConditions } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { bareEtag } from '../../s3/response.ts'
import type { Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

export function conditionsOf(headers: Headers): WriteConditions {
  const ifNoneMatch = headers.get('if-none-match') ?? undefined
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new Refusal('NotImplemented', 'A write takes If-None-Match with * only')
  }
  const ifMatch = headers.get('if-match')
  return { ifNoneMatch, ifMatch: ifMatch === null ? undefined : bareEtag(ifMatch) }
}

/** S3 tells a write with If-Match to an absent key from one to another version. */
export async function minding<T>(
  { store, key, signal }: Pick<Operation, 'store' | 'key' | 'signal'>,
  { ifMatch }: WriteConditions,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const unmet = ifMatch !== undefined && isSluiceError(error, 'precondition-failed')
    if (unmet && !(await store.head(key, { signal }))) throw noSuchKey()
    throw error
  }
}

export function noSuchKey(): Refusal {
  return new Refusal('NoSuchKey', 'The specified key does not exist.')
}

export const CONDITIONS: readonly string[] = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]

export function hasConditions(headers: Headers, prefix = ''): boolean {
  return CONDITIONS.some((name) => headers.has(prefix + name))
}

/**
 * The status of a read, by RFC 9110 section 13.2.2. Throws `PreconditionFailed`. The source of a copy has the same
 * conditions under a prefix.
 */
export function checkConditions(headers: Headers, info: ObjectInfo, prefix = ''): 200 | 304 {
  const ifMatch = headers.get(`${prefix}if-match`)
  const ifNoneMatch = headers.get(`${prefix}if-none-match`)
  const names = (list: string): boolean =>
    list.split(',').some((tag) => tag.trim() === '*' || bareEtag(tag.trim()) === info.etag)
  // HTTP dates have whole seconds.
  const changedMs = Math.floor(info.lastModified.getTime() / 1000) * 1000
  const unmodifiedMs = Date.parse(headers.get(`${prefix}if-unmodified-since`) ?? '')
  const modifiedMs = Date.parse(headers.get(`${prefix}if-modified-since`) ?? '')
  if (ifMatch === null ? changedMs > unmodifiedMs : !names(ifMatch)) throw unmet()
  const same = ifNoneMatch === null ? changedMs <= modifiedMs : names(ifNoneMatch)
  return same ? 304 : 200
}

export function unmet(): Refusal {
  return new Refusal('PreconditionFailed', 'At least one of the pre-conditions did not hold')
}
