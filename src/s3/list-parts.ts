import type { CallOptions, MultipartToken, Part } from '../contracts/index.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { S3Client } from './client.ts'
import { protocolError } from './errors.ts'
import { bareEtag, readXml } from './response.ts'

/** The parts of an upload, ascending, page by page. `not-found` when it is gone. */
export async function* listParts(
  client: S3Client,
  { key, uploadId }: MultipartToken,
  { signal }: CallOptions,
  { after, pageParts }: { readonly after?: number; readonly pageParts?: number } = {},
): AsyncGenerator<Part, undefined, undefined> {
  let marker = after
  do {
    const page: { parts: Part[]; next: number | undefined } = await client.send({
      operation: 'ListParts',
      method: 'GET',
      key,
      query: { uploadId, 'part-number-marker': marker, 'max-parts': pageParts },
      signal,
      async read(response, context) {
        const root = await readXml(response, context, 'ListPartsResult')
        const parts = root.children('Part').map((part) => ({
          partNumber: Number(part.text('PartNumber')),
          etag: bareEtag(part.text('ETag') ?? ''),
          sizeBytes: Number(part.text('Size')),
        }))
        if (root.text('IsTruncated') !== 'true') return { parts, next: undefined }
        const next = Number(root.text('NextPartNumberMarker'))
        if (next > (marker ?? 0)) return { parts, next }
        throw protocolError(response, context, 'says that there is more and not where to go on')
      },
    })
    for (const part of page.parts.sort((a, b) => a.partNumber - b.partNumber)) {
      throwIfAborted(signal)
      yield part
    }
    marker = page.next
  } while (marker !== undefined)
}
