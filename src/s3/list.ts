import type { ListOptions, ObjectInfo, Prefix } from '../contracts/index.ts'
import { throwIfAborted } from '../core/errors.ts'
import { checkPrefix, compareKeys } from '../core/keys.ts'
import type { S3Client } from './client.ts'
import { decodePercent } from './endpoint.ts'
import { type CallContext, protocolError } from './errors.ts'
import { bareEtag, readXml } from './response.ts'
import type { XmlElement } from './xml.ts'

interface Page {
  readonly entries: (ObjectInfo | Prefix)[]
  readonly next: string | undefined
}

/**
 * All objects of the bucket, page by page (ListObjectsV2), ascending by the UTF-8 bytes of the key, prefixes in their
 * place. Headers and metadata are left out. Asks for the next page when the last one is used up.
 */
export async function* listObjects(
  client: S3Client,
  options: ListOptions = {},
): AsyncGenerator<ObjectInfo | Prefix, void, undefined> {
  const { prefix = '', delimiter, startAfter, signal } = options
  checkPrefix(prefix)
  let token: string | undefined
  do {
    const page: Page = await client.send({
      operation: 'ListObjectsV2',
      method: 'GET',
      query: {
        'list-type': 2,
        // Without it different keys with control characters are listed as the same.
        'encoding-type': 'url',
        prefix: prefix || undefined,
        delimiter,
        'start-after': token === undefined ? startAfter : undefined,
        'continuation-token': token,
      },
      signal,
      read: async (response, context) =>
        readPage(await readXml(response, context, 'ListBucketResult'), response, context, token),
    })
    // Objects and prefixes come apart; S3 Express lists in no order at all.
    for (const entry of page.entries.sort((a, b) => compareKeys(nameOf(a), nameOf(b)))) {
      throwIfAborted(signal)
      yield entry
    }
    token = page.next
  } while (token !== undefined)
}

function nameOf(entry: ObjectInfo | Prefix): string {
  return entry.kind === 'object' ? entry.key : entry.prefix
}

function readPage(
  root: XmlElement,
  response: Response,
  context: CallContext,
  token: string | undefined,
): Page {
  const decode = nameDecoder(root, response, context)
  const entries: (ObjectInfo | Prefix)[] = []
  for (const item of root.children('Contents')) {
    const lastModified = new Date(item.text('LastModified') ?? '')
    const sizeBytes = Number(item.text('Size'))
    if (Number.isNaN(lastModified.getTime()) || !Number.isSafeInteger(sizeBytes)) {
      throw protocolError(response, context, 'was answered with an object without a size or a time')
    }
    entries.push({
      kind: 'object',
      key: decode(item.text('Key')),
      etag: bareEtag(item.text('ETag') ?? ''),
      sizeBytes,
      lastModified,
    })
  }
  for (const item of root.children('CommonPrefixes')) {
    entries.push({ kind: 'prefix', prefix: decode(item.text('Prefix')) })
  }
  const more = root.text('IsTruncated') === 'true'
  const next = root.text('NextContinuationToken')
  if (more && (!next || next === token)) {
    throw protocolError(response, context, 'says that there is more and not where to go on')
  }
  return { entries, next: more ? next : undefined }
}

/** How names are written in this answer: asked for URL encoding, not every server obliges, and it tells whether it did. */
export function nameDecoder(
  root: XmlElement,
  response: Response,
  context: CallContext,
): (name: string | undefined) => string {
  const encoded = root.text('EncodingType') === 'url'
  return (name) => {
    if (name === undefined)
      throw protocolError(response, context, 'was answered with an entry without a name')
    if (!encoded) return name
    // As forms are encoded: the plus first, because a real one is written %2B.
    const decoded = decodePercent(name.replaceAll('+', ' '))
    if (decoded !== undefined) return decoded
    throw protocolError(response, context, 'was answered with a name that is not URL-encoded UTF-8')
  }
}
