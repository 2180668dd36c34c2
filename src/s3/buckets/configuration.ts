import { md5 } from '@noble/hashes/legacy.js'
import type { CallOptions } from '../../contracts/index.ts'
import { toBase64, utf8 } from '../../core/bytes.ts'
import type { S3Client, S3Headers } from '../client.ts'
import { orUndefined } from '../objects.ts'
import { drain, readXml } from '../response.ts'
import { writeXml, type XmlElement, type XmlPart } from '../xml.ts'

/** A document that a bucket has or has not. */
export interface ConfigurationKind {
  /** What its operations are called by: `GetBucket…`. */
  readonly name: string
  /** The query that means it. */
  readonly parameter: string
  readonly root: string
}

export interface Configuration {
  readonly root: XmlElement
  readonly headers: Headers
}

/** `undefined` where the bucket has none. */
export function getConfiguration(
  client: S3Client,
  { name, parameter, root }: ConfigurationKind,
  { signal }: CallOptions,
): Promise<Configuration | undefined> {
  return orUndefined(() =>
    client.send({
      operation: `GetBucket${name}`,
      method: 'GET',
      query: { [parameter]: '' },
      signal,
      read: async (response, context) => ({
        root: await readXml(response, context, root),
        headers: response.headers,
      }),
    }),
  )
}

/**
 * Replaces the whole document. S3 wants a digest of it, and MD5 is the one that every server takes: older releases of MinIO and
 * Ceph know no other here.
 */
export function putConfiguration(
  client: S3Client,
  { name, parameter, root }: ConfigurationKind,
  rules: readonly XmlPart[],
  { signal }: CallOptions,
  headers: S3Headers = {},
): Promise<void> {
  const body = utf8(writeXml(root, rules))
  return client.send({
    operation: `PutBucket${name}`,
    method: 'PUT',
    query: { [parameter]: '' },
    headers: { ...headers, 'content-type': 'application/xml', 'content-md5': toBase64(md5(body)) },
    body,
    signBody: true,
    signal,
    read: drain,
  })
}

export async function deleteConfiguration(
  client: S3Client,
  { name, parameter }: ConfigurationKind,
  { signal }: CallOptions,
): Promise<void> {
  await orUndefined(() =>
    client.send({
      operation: `DeleteBucket${name}`,
      method: 'DELETE',
      query: { [parameter]: '' },
      signal,
      read: drain,
    }),
  )
}
