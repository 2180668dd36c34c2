import { AwsClient } from 'aws4fetch'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { parseXml, type XmlElement } from '../../../src/s3/xml.ts'
import { memoryStore } from '../../../src/stores/memory.ts'

export const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of an error's document. */
  readonly code: string | undefined
  readonly xml: XmlElement | undefined
}

export type Ask = (method: string, path: string, init?: RequestInitLike) => Promise<Answer>

/** Asks a gateway, signed by aws4fetch itself, with what an HTTP server would add. */
export function gateway(stores: Record<string, Store> = { bucket: memoryStore() }): Ask {
  const handler = s3Gateway({ buckets: stores, credentials: CREDENTIALS })
  return async (method, path, init) =>
    answerOf(await handler(await signedRequest(method, path, init)))
}

export interface RequestInitLike {
  readonly headers?: object
  readonly body?: string | Uint8Array<ArrayBuffer>
}

export async function signedRequest(
  method: string,
  path: string,
  { headers = {}, body }: RequestInitLike = {},
): Promise<Request> {
  const aws = new AwsClient({ ...CREDENTIALS, service: 's3', region: 'us-east-1' })
  const bytes = typeof body === 'string' ? utf8(body) : body
  const all = { ...(bytes && { 'content-length': `${bytes.byteLength}` }), ...headers }
  const given = Object.entries(all).filter(([, value]) => value !== undefined)
  return aws.sign(`https://s3.test${path}`, {
    method,
    headers: Object.fromEntries(given) as Record<string, string>,
    ...(bytes && { body: bytes }),
  })
}

/** The same request with something else than was signed. */
export function altered(
  request: Request,
  { url = request.url, headers = {} }: { url?: string; headers?: Record<string, string> },
): Request {
  const all = new Headers(request.headers)
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return new Request(url, { method: request.method, headers: all })
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const xml = parseXml(text)
  const { status, headers } = response
  return { status, headers, text, xml, code: xml?.name === 'Error' ? xml.text('Code') : undefined }
}

export async function begin(ask: Ask, key = 'key'): Promise<string> {
  const { xml } = await ask('POST', `/bucket/${key}?uploads`)
  return xml?.text('UploadId') ?? ''
}

export function completion(parts: readonly (readonly [number, string])[]): string {
  const items = parts.map(
    ([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  return `<CompleteMultipartUpload>${items.join('')}</CompleteMultipartUpload>`
}
