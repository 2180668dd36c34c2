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

export type Ask = (
  method: string,
  path: string,
  init?: { headers?: object; body?: string },
) => Promise<Answer>

/** Asks a gateway, signed by aws4fetch itself, with what an HTTP server would add. */
export function gateway(stores: Record<string, Store> = { bucket: memoryStore() }): Ask {
  const handler = s3Gateway({ buckets: stores, credentials: CREDENTIALS })
  const aws = new AwsClient({ ...CREDENTIALS, service: 's3', region: 'us-east-1' })
  return async (method, path, { headers = {}, body } = {}) => {
    const all = {
      ...(body === undefined ? {} : { 'content-length': `${utf8(body).length}` }),
      ...headers,
    }
    const given = Object.entries(all).filter(([, value]) => value !== undefined)
    const signed = await aws.sign(`https://s3.test${path}`, {
      method,
      headers: Object.fromEntries(given) as Record<string, string>,
      ...(body === undefined ? {} : { body }),
    })
    return answerOf(await handler(signed))
  }
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
