import type { GetResult, PutResult, Store } from '../../contracts/index.ts'
import { readObjectHeaders } from '../../s3/metadata.ts'
import { bareEtag } from '../../s3/response.ts'
import { limitsOf, partNumberOf, storePart } from './multipart.ts'
import { conditionsOf, minding, noSuchKey } from './objects.ts'
import { decode, type Operation } from './operation.ts'
import { Refusal, xmlResponse } from './refusal.ts'

interface Source {
  readonly store: Store
  readonly key: string
  readonly ifMatch: string | undefined
}

export async function copyObject(operation: Operation): Promise<Response> {
  const { store, key, headers, signal } = operation
  const source = sourceOf(operation)
  const conditions = conditionsOf(headers)
  const replace = headers.get('x-amz-metadata-directive') === 'REPLACE'
  if (source.store === store && source.key === key && !replace) {
    throw new Refusal('InvalidRequest', 'An object is copied to itself only to change its metadata')
  }
  const { etag } = await minding(operation, conditions, async (): Promise<PutResult> => {
    if (store.copy && source.store === store && !replace && source.ifMatch === undefined) {
      return store.copy(source.key, key, { ...conditions, signal })
    }
    const found = await readSource(operation, source)
    const kept = replace ? readObjectHeaders(headers) : found
    return store.put(key, await found.bytes(), { ...kept, ...conditions, signal })
  })
  return xmlResponse('CopyObjectResult', [
    ['LastModified', new Date().toISOString()],
    ['ETag', `"${etag}"`],
  ])
}

export async function copyPart(operation: Operation): Promise<Response> {
  const { maxPartBytes } = limitsOf(operation)
  const partNumber = partNumberOf(operation)
  const found = await readSource(operation, sourceOf(operation), rangeOf(operation.headers))
  if (found.sizeBytes > maxPartBytes && !operation.headers.has('x-amz-copy-source-range')) {
    await found.body.cancel()
    throw new Refusal(
      'EntityTooLarge',
      'The copy source is larger than a part may be: give a range',
    )
  }
  const { etag } = await storePart(operation, partNumber, await found.bytes())
  return xmlResponse('CopyPartResult', [
    ['LastModified', new Date().toISOString()],
    ['ETag', `"${etag}"`],
  ])
}

function sourceOf({ headers, storeOf }: Operation): Source {
  const text = (headers.get('x-amz-copy-source') ?? '').replace(/^\//, '')
  if (/[?&]versionId=/.test(text)) throw new Refusal('NotImplemented', 'There are no versions here')
  const path = decode(text)
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) {
    throw new Refusal('InvalidArgument', 'Copy Source must mention the source bucket and key')
  }
  const ifMatch = headers.get('x-amz-copy-source-if-match')
  return {
    store: storeOf(path.slice(0, slash)),
    key: path.slice(slash + 1),
    ifMatch: ifMatch === null ? undefined : bareEtag(ifMatch),
  }
}

function rangeOf(headers: Headers): { start: number; end: number } | undefined {
  const text = headers.get('x-amz-copy-source-range')
  if (text === null) return undefined
  const match = /^bytes=(\d+)-(\d+)$/.exec(text)
  const [start, last] = [Number(match?.[1]), Number(match?.[2])]
  if (!(start <= last)) {
    throw new Refusal('InvalidArgument', 'The x-amz-copy-source-range must be bytes=first-last')
  }
  return { start, end: last + 1 }
}

async function readSource(
  { signal }: Operation,
  { store, key, ifMatch }: Source,
  range?: { start: number; end: number },
): Promise<GetResult> {
  const found = await store.get(key, { range, ifMatch, signal })
  if (!found) throw noSuchKey()
  if (range && range.end > found.sizeBytes) {
    await found.body.cancel()
    throw new Refusal(
      'InvalidArgument',
      `Range specified is not valid for source object of size: ${found.sizeBytes}`,
    )
  }
  return found
}
