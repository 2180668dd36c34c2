import type { CallOptions, PutResult } from '../../contracts/index.ts'
import { throwIfAborted } from '../../core/errors.ts'
import { checkPrefix, compareKeys } from '../../core/keys.ts'
import type { S3Client } from '../client.ts'
import { type CallContext, protocolError } from '../errors.ts'
import { nameDecoder } from '../list.ts'
import { bareEtag, readXml } from '../response.ts'
import type { XmlElement } from '../xml.ts'

interface Entry {
  readonly key: string
  /** `null`, the word, for what was written without versioning. */
  readonly versionId: string
  /** Whether it is what `get` finds, or, as a delete marker, does not find. */
  readonly latest: boolean
  readonly lastModified: Date
}

export interface ObjectVersion extends Entry, PutResult {
  readonly kind: 'version'
  readonly sizeBytes: number
}

/** What a deletion without a version leaves in a bucket that keeps versions. */
export interface DeleteMarker extends Entry {
  readonly kind: 'delete-marker'
}

export interface ListObjectVersionsOptions extends CallOptions {
  readonly prefix?: string | undefined
}

interface Marker {
  readonly key: string
  readonly versionId: string | undefined
}

interface Page {
  readonly entries: readonly (ObjectVersion | DeleteMarker)[]
  readonly next: Marker | undefined
}

/**
 * All versions of all objects whose key begins with `prefix`, and delete markers among them: by key, and within a key from
 * the newest. Asks for the next page when the last one is used up. A bucket without versioning has one of each object.
 *
 * Errors: `not-supported`, `protocol`, and what `S3Client.send` rejects with.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export async function* listObjectVersions(
  client: S3Client,
  options: ListObjectVersionsOptions = {},
): AsyncGenerator<ObjectVersion | DeleteMarker, void, undefined> {
  const { prefix = '', signal } = options
  checkPrefix(prefix)
  let encoding: 'url' | undefined = 'url'
  let marker: Marker | undefined
  for (;;) {
    const page: Page | undefined = await client.send({
      operation: 'ListObjectVersions',
      method: 'GET',
      query: {
        versions: '',
        'encoding-type': encoding,
        prefix: prefix || undefined,
        'key-marker': marker?.key,
        'version-id-marker': marker?.versionId,
      },
      signal,
      async read(response, context) {
        const root = await readXml(response, context, 'ListVersionsResult')
        // MinIO encodes the names here and does not say so: `a+b` could be either of two keys.
        const unclear = encoding && root.text('EncodingType') !== encoding
        return unclear ? undefined : readPage(root, response, context, marker)
      },
    })
    if (!page) {
      encoding = undefined
      continue
    }
    for (const entry of page.entries) {
      throwIfAborted(signal)
      yield entry
    }
    if (!page.next) return
    marker = page.next
  }
}

function readPage(
  root: XmlElement,
  response: Response,
  context: CallContext,
  marker: Marker | undefined,
): Page {
  const decode = nameDecoder(root, response, context)
  function entryOf(element: XmlElement): Entry {
    const lastModified = new Date(element.text('LastModified') ?? '')
    const versionId = element.text('VersionId')
    if (!versionId || Number.isNaN(lastModified.getTime())) {
      throw protocolError(response, context, 'was answered with a version without an id or a time')
    }
    const latest = element.text('IsLatest') === 'true'
    return { key: decode(element.text('Key')), versionId, latest, lastModified }
  }
  const entries = [
    ...root.children('Version').map(
      (version): ObjectVersion => ({
        kind: 'version',
        ...entryOf(version),
        etag: bareEtag(version.text('ETag') ?? ''),
        sizeBytes: Number(version.text('Size')),
      }),
    ),
    ...root
      .children('DeleteMarker')
      .map((deletion): DeleteMarker => ({ kind: 'delete-marker', ...entryOf(deletion) })),
  ]
  // Not every server lists the two kinds in each other's place.
  entries.sort(
    (a, b) =>
      compareKeys(a.key, b.key) ||
      Number(b.latest) - Number(a.latest) ||
      b.lastModified.getTime() - a.lastModified.getTime(),
  )
  if (root.text('IsTruncated') !== 'true') return { entries, next: undefined }
  const next = {
    key: decode(root.text('NextKeyMarker')),
    versionId: root.text('NextVersionIdMarker') || undefined,
  }
  if (next.key === marker?.key && next.versionId === marker.versionId) {
    throw protocolError(response, context, 'says that there is more and not where to go on')
  }
  return { entries, next }
}
