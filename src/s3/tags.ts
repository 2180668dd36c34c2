import type { CallOptions } from '../contracts/index.ts'
import { toBase64, utf8 } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import type { S3Client } from './client.ts'
import { orUndefined } from './objects.ts'
import { checkedTags, type S3Tags } from './put-options.ts'
import { drain, readXml } from './response.ts'
import { writeXml } from './xml.ts'

/**
 * The tags of an object, `{}` where it has none; `undefined` for an absent key.
 *
 * Errors: `not-supported` where the provider knows no tags (R2).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
 */
export function getObjectTags(
  client: S3Client,
  key: string,
  options: CallOptions = {},
): Promise<S3Tags | undefined> {
  return orUndefined(() =>
    client.send({
      operation: 'GetObjectTagging',
      method: 'GET',
      key,
      query: { tagging: '' },
      signal: options.signal,
      async read(response, context) {
        const root = await readXml(response, context, 'Tagging')
        const tags = root.child('TagSet')?.children('Tag') ?? []
        return Object.fromEntries(
          tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']),
        )
      },
    }),
  )
}

/**
 * Gives an object these tags in place of those that it has. Its bytes, ETag and time stay.
 *
 * Errors: `not-found` for an absent key; `invalid-options` for tags beyond S3's limits, before anything is sent; `not-supported`
 * where the provider knows no tags (R2).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
 */
export async function putObjectTags(
  client: S3Client,
  key: string,
  tags: S3Tags,
  options: CallOptions = {},
): Promise<void> {
  const listed = checkedTags(tags).map(
    ([name, value]) =>
      [
        'Tag',
        [
          ['Key', name],
          ['Value', value],
        ],
      ] as const,
  )
  const body = utf8(writeXml('Tagging', [['TagSet', listed]]))
  await client.send({
    operation: 'PutObjectTagging',
    method: 'PUT',
    key,
    query: { tagging: '' },
    headers: {
      'content-type': 'application/xml',
      // S3 demands a checksum of this body; MD5, the older choice, is not in WebCrypto.
      'x-amz-checksum-sha256': toBase64(await sha256(body)),
    },
    body,
    signBody: true,
    signal: options.signal,
    read: drain,
  })
}

/**
 * Takes all tags off an object.
 *
 * Errors: `not-found` for an absent key, at most providers; `not-supported` where the provider knows no tags (R2).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
 */
export async function deleteObjectTags(
  client: S3Client,
  key: string,
  options: CallOptions = {},
): Promise<void> {
  await client.send({
    operation: 'DeleteObjectTagging',
    method: 'DELETE',
    key,
    query: { tagging: '' },
    signal: options.signal,
    read: drain,
  })
}

export type { S3Tags } from './put-options.ts'
