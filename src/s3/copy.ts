import type { PutResult } from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { isSluiceError } from '../core/errors.ts'
import { checkKey } from '../core/keys.ts'
import type { S3Client } from './client.ts'
import { NONCE, newNonce } from './metadata.ts'
import { beginUpload } from './multipart.ts'
import {
  checkConditional,
  conditionHeaders,
  hasCondition,
  headObject,
  isAbsent,
  ownWrite,
  putObject,
} from './objects.ts'
import { type S3CopyOptions, storageHeaders } from './put-options.ts'
import { xmlEtag } from './response.ts'
import {
  COPY_PART_BYTES,
  completeWith,
  copiedPart,
  type MakePart,
  noSource,
} from './server-parts.ts'

/**
 * Copies within the bucket, or from that of `options.source`, on the server, headers and metadata included; tags too, but for a copy in parts: by one CopyObject, or, where the source is too large
 * for that (5 GiB), in parts, several at once and all of one version of the source.
 *
 * With a condition it copies into a multipart upload and makes its completion conditional, since most servers ignore a
 * condition on CopyObject itself; where the provider has one of its own there, that one is used, up to 5 GiB.
 *
 * Errors: `not-found` when the source is absent, `precondition-failed`, `conflict` when the source was replaced meanwhile; a
 * copy in parts that failed and could not be aborted names its `uploadId`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyObject(
  client: S3Client,
  from: string,
  to: string,
  options: S3CopyOptions = {},
): Promise<PutResult> {
  checkKey(from)
  checkKey(to)
  const { signal, source = client } = options
  const { copyConditionPrefix: prefix } = client.provider
  const nonce = hasCondition(options) ? newNonce() : undefined
  if (nonce && prefix === undefined) return copyInParts(client, from, to, options)
  const conditions = Object.entries(conditionHeaders(options))
  try {
    return await client.send({
      operation: 'CopyObject',
      method: 'PUT',
      key: to,
      headers: {
        'x-amz-copy-source': source.copySource(from),
        'x-amz-tagging-directive': options.tags && 'REPLACE',
        ...storageHeaders(options),
        ...(nonce && {
          'x-amz-metadata-directive': 'MERGE',
          [NONCE]: nonce,
          ...Object.fromEntries(conditions.map(([name, value]) => [prefix + name, value])),
        }),
      },
      signal,
      read: async (response, context) => ({
        etag: await xmlEtag(response, context, 'CopyObjectResult'),
      }),
      recover: ownWrite(client, to, nonce, signal),
    })
  } catch (error) {
    // Asked only now how large it is, so that the many that are small cost one request. AWS says InvalidRequest of one that is
    // too large, others EntityTooLarge.
    const perhapsLarge =
      isSluiceError(error, 'too-large') ||
      (isSluiceError(error) && error.serverCode === 'InvalidRequest')
    if (perhapsLarge && !nonce) return copyInParts(client, from, to, options, error)
    throw isAbsent(error) ? noSource(from, error) : error
  }
}

/** `refusal` is what one request was answered with; it stands unless the size explains it. */
async function copyInParts(
  client: S3Client,
  from: string,
  to: string,
  options: S3CopyOptions,
  refusal?: unknown,
): Promise<PutResult> {
  const { signal, source: holder = client } = options
  checkConditional(client, to, options, 'conditionalComplete')
  const source = await headObject(holder, from, { signal })
  if (!source) throw noSource(from)
  const { sizeBytes } = source
  if (refusal && sizeBytes <= client.provider.capabilities.maxPutBytes) throw refusal
  // A part of no bytes has no range.
  if (sizeBytes === 0) return putObject(client, to, EMPTY, { ...source, ...options })
  const parts: MakePart[] = []
  for (let start = 0; start < sizeBytes; start += COPY_PART_BYTES) {
    const end = Math.min(start + COPY_PART_BYTES, sizeBytes)
    parts.push(copiedPart(client, source, start, end, holder))
  }
  return completeWith(await beginUpload(client, to, { ...source, ...options }), parts, options)
}
