import type { Bytes, Store } from '../../contracts/index.ts'
import { encodeKey } from '../../s3/endpoint.ts'
import { checksumOf, digestCheck, expectationsOf } from './digests.ts'
import { readForm } from './form-data.ts'
import { arriving } from './payload.ts'
import { verifyPolicy } from './post-policy.ts'
import { storedHeaders, writeObject } from './put-object.ts'
import { Refusal, xmlResponse } from './refusal.ts'
import type { SignatureOptions } from './signature.ts'
import type { Target } from './target.ts'

/** Whether a request is a form's, whose signature stands in its body. */
export function isForm({ method, headers }: Request, { key, query }: Target): boolean {
  const type = headers.get('content-type') ?? ''
  const form = method === 'POST' && /^multipart\/form-data\b/i.test(type)
  return form && key === '' && query.length === 0 && !headers.has('authorization')
}

/** Fields that say something to the gateway, or are kept with the object. */
const KNOWN_FIELDS = [
  ...['key', 'policy', 'bucket', 'success_action_status', 'x-amz-algorithm', 'x-amz-credential'],
  ...['x-amz-date', 'x-amz-signature', 'x-amz-security-token', 'x-amz-checksum-algorithm'],
  ...['content-type', 'cache-control', 'content-disposition', 'content-encoding'],
]

/**
 * What a page may upload with a form that somebody else has signed.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export async function postObject(
  request: Request,
  { bucket }: Target,
  storeOf: (bucket: string) => Store,
  options: SignatureOptions,
): Promise<Response> {
  const type = request.headers.get('content-type') ?? ''
  const { fields, fileName, file } = await readForm(arriving(request.body), type)
  const { minBytes, maxBytes } = await verifyPolicy(fields, bucket, options)
  const store = storeOf(bucket)
  const key = (fields.get('key') ?? '').replace(/\$\{filename\}/g, () => baseName(fileName))
  if (key === '')
    throw new Refusal('InvalidArgument', 'Bucket POST must contain a field named "key".')
  const headers = headersOf(fields)
  const sizeLimit = Math.min(maxBytes, store.capabilities.maxPutBytes)
  const body = limited(file, minBytes, sizeLimit, headers)
  const sizeBytes = Math.min(Number(request.headers.get('content-length') ?? sizeLimit), sizeLimit)
  const { etag } = await writeObject(store, key, body, sizeBytes, {
    ...storedHeaders(headers),
    signal: request.signal,
  })
  const location = new URL(`/${bucket}/${encodeKey(key)}`, request.url).href
  const answer = { etag: `"${etag}"`, location }
  const status = fields.get('success_action_status')
  if (status !== '201')
    return new Response(null, { status: status === '200' ? 200 : 204, headers: answer })
  const parts = [
    ['Location', location],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', answer.etag],
  ] as const
  return xmlResponse('PostResponse', parts, 201, answer)
}

/** Browsers of old sent the whole path. */
function baseName(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
}

/** The fields that stand for headers. What would silently not happen is refused. */
function headersOf(fields: ReadonlyMap<string, string>): Headers {
  const headers = new Headers()
  for (const [name, value] of fields) {
    if (name.startsWith('x-ignore-')) continue
    if (!KNOWN_FIELDS.includes(name) && !name.startsWith('x-amz-meta-') && !checksumOf(name)) {
      throw new Refusal('NotImplemented', `A field you provided is not implemented: ${name}`)
    }
    try {
      headers.set(name, value)
    } catch {
      throw new Refusal('InvalidArgument', `The field ${name} cannot be a header`)
    }
  }
  return headers
}

async function* limited(
  file: AsyncIterable<Bytes>,
  minBytes: number,
  maxBytes: number,
  headers: Headers,
): AsyncGenerator<Bytes, void, undefined> {
  const check = digestCheck(expectationsOf(headers, ''))
  let bytes = 0
  for await (const piece of file) {
    bytes += piece.byteLength
    if (bytes > maxBytes) {
      throw new Refusal(
        'EntityTooLarge',
        `Your proposed upload exceeds the ${maxBytes} bytes allowed`,
      )
    }
    check.update(piece)
    yield piece
  }
  if (bytes < minBytes) {
    throw new Refusal(
      'EntityTooSmall',
      `Your proposed upload is smaller than the ${minBytes} bytes demanded`,
    )
  }
  check.finish()
}
