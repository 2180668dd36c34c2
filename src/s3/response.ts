import type { ObjectInfo } from '../contracts/index.ts'
import { type CallContext, protocolError, readRefusal, refusalError, refusalOf } from './errors.ts'
import { userHeaders } from './metadata.ts'
import { readText } from './read-text.ts'
import { parseXml, type XmlElement } from './xml.ts'

/** A listing of 1,000 keys of the greatest length, all escaped, has some 8 MB. */
const MAX_XML_BYTES = 64 * 1024 * 1024

/**
 * Reads the document that a success must carry. S3 answers long operations with `200` before it knows their end, so
 * an `<Error>`, an empty body and a document that was cut short are failures here, and may be tried again.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export async function readXml(
  response: Response,
  context: CallContext,
  rootName: string,
): Promise<XmlElement> {
  const text = await readText(response, MAX_XML_BYTES, context.onProgress)
  const root = parseXml(text)
  if (root?.name === rootName) return root
  if (root?.name === 'Error') throw refusalError(refusalOf(response, root), context)
  const what = text === '' ? 'no body' : root ? `<${root.name}>` : 'no whole XML document'
  throw protocolError(
    response,
    context,
    `was answered ${response.status} with ${what} in place of <${rootName}>`,
    root === undefined,
  )
}

/**
 * Reads the body of a success that needs none, so that the connection can serve again. Cut short it changes nothing, since the
 * status and the headers have come; an `<Error>` in it is a failure here too.
 */
export async function drain(response: Response, context: CallContext): Promise<void> {
  const refusal = await readRefusal(response)
  if (refusal.serverCode !== undefined) throw refusalError(refusal, context)
}

/** Takes the quotes, and the mark of a weak tag, off an ETag. */
export function bareEtag(etag: string): string {
  return etag.replace(/^(W\/)?"?/, '').replace(/"$/, '')
}

export function etagOf(response: Response, context: CallContext): string {
  const etag = bareEtag(response.headers.get('etag') ?? '')
  if (etag) return etag
  throw protocolError(
    response,
    context,
    'was answered without an ETag: in a browser, let the CORS rule of the bucket expose it (ExposeHeaders: ETag)',
  )
}

/** The ETag in the document of an answer. */
export async function xmlEtag(
  ...[response, context, rootName]: Parameters<typeof readXml>
): Promise<string> {
  const etag = bareEtag((await readXml(response, context, rootName)).text('ETag') ?? '')
  if (!etag) throw protocolError(response, context, 'was answered without an ETag')
  return etag
}

/** `sizeBytes` where it is known from elsewhere: of a part of an object, `Content-Length` says another. */
export function objectInfoOf(
  response: Response,
  context: CallContext,
  key: string,
  sizeBytes: number | string = response.headers.get('content-length') ?? '',
): ObjectInfo {
  const { headers } = response
  const lastModified = new Date(headers.get('last-modified') ?? '')
  if (!/^\d+$/.test(String(sizeBytes)) || Number.isNaN(lastModified.getTime())) {
    throw protocolError(response, context, 'was answered without a size or a time of change')
  }
  return {
    kind: 'object',
    key,
    etag: etagOf(response, context),
    sizeBytes: Number(sizeBytes),
    lastModified,
    ...userHeaders(headers),
  }
}
