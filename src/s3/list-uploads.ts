import type { CallOptions, UploadInfo } from '../contracts/index.ts'
import { SluiceError, throwIfAborted } from '../core/errors.ts'
import { checkPrefix } from '../core/keys.ts'
import type { S3Client } from './client.ts'
import { protocolError } from './errors.ts'
import { nameDecoder } from './list.ts'
import { readXml } from './response.ts'

/**
 * Open uploads whose key begins with `prefix`, by key. `not-supported` where the provider cannot list them, such as MinIO, which
 * finds only those of exactly that key.
 */
export async function* listUploads(
  client: S3Client,
  prefix: string,
  options: CallOptions = {},
): AsyncGenerator<UploadInfo, void, undefined> {
  checkPrefix(prefix)
  if (!client.provider.capabilities.listUploads) {
    throw new SluiceError('not-supported', `${client.provider.name} lists no open uploads`)
  }
  let marker: { readonly key: string; readonly uploadId: string } | undefined
  do {
    const page: { uploads: UploadInfo[]; next: typeof marker } = await client.send({
      operation: 'ListMultipartUploads',
      method: 'GET',
      query: {
        uploads: '',
        'encoding-type': 'url',
        prefix: prefix || undefined,
        'key-marker': marker?.key,
        'upload-id-marker': marker?.uploadId,
      },
      signal: options.signal,
      async read(response, context) {
        const root = await readXml(response, context, 'ListMultipartUploadsResult')
        const decode = nameDecoder(root, response, context)
        const uploads = root.children('Upload').map((upload) => ({
          key: decode(upload.text('Key')),
          uploadId: upload.text('UploadId') ?? '',
          initiated: new Date(upload.text('Initiated') ?? ''),
        }))
        if (root.text('IsTruncated') !== 'true') return { uploads, next: undefined }
        const next = {
          key: decode(root.text('NextKeyMarker')),
          uploadId: root.text('NextUploadIdMarker') ?? '',
        }
        if (next.key === marker?.key && next.uploadId === marker.uploadId) {
          throw protocolError(response, context, 'says that there is more and not where to go on')
        }
        return { uploads, next }
      },
    })
    for (const upload of page.uploads) {
      throwIfAborted(options.signal)
      // They may be aborted for it: nobody's word is taken for which they are.
      if (upload.key.startsWith(prefix)) yield upload
    }
    marker = page.next
  } while (marker)
}
