import type { Bytes, ObjectInfo } from '../contracts/index.ts'
import { EMPTY, fromUtf8 } from '../core/bytes.ts'
import { abortError } from '../core/errors.ts'
import { collectBytes, readableOf } from '../core/streams.ts'
import { type CallContext, contextError, protocolError, refusalError, refusalOf } from './errors.ts'
import { userHeaders } from './metadata.ts'
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
  const bytes = response.body ? await collectBytes(response.body, MAX_XML_BYTES) : EMPTY
  const root = parseXml(fromUtf8(bytes))
  if (root?.name === rootName) return root
  if (root?.name === 'Error') throw refusalError(refusalOf(response, root), context)
  const what =
    bytes.byteLength === 0 ? 'no body' : root ? `<${root.name}>` : 'no whole XML document'
  throw protocolError(
    response,
    context,
    `was answered ${response.status} with ${what} in place of <${rootName}>`,
    root === undefined,
  )
}

/** Reads and drops a body that says nothing, so that the connection can serve again. */
export async function drain(response: Response): Promise<void> {
  // The status and the headers have come: what happens to the rest changes nothing.
  await response.arrayBuffer().catch(() => {})
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

export function objectInfoOf(response: Response, context: CallContext, key: string): ObjectInfo {
  const { headers } = response
  // Of a part: `bytes 0-99/1234`.
  const whole = headers.get('content-range')?.split('/')[1] ?? headers.get('content-length')
  const lastModified = new Date(headers.get('last-modified') ?? '')
  if (!/^\d+$/.test(whole ?? '') || Number.isNaN(lastModified.getTime())) {
    throw protocolError(response, context, 'was answered without a size or a time of change')
  }
  return {
    kind: 'object',
    key,
    etag: etagOf(response, context),
    sizeBytes: Number(whole),
    lastModified,
    ...userHeaders(headers),
  }
}

/** The body, which errors with `network` when it ends before its declared length: not every runtime notices by itself. */
export function checkedBody(
  response: Response,
  context: CallContext,
  signal: AbortSignal | undefined,
): ReadableStream<Bytes> {
  // What `fetch` has decoded has another length than what was sent.
  const decoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity'
  const expected = decoded ? undefined : Number(response.headers.get('content-length'))
  const reader = (
    response.body ?? readableOf(EMPTY)
  ).getReader() as ReadableStreamDefaultReader<Bytes>
  let received = 0
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        let next: ReadableStreamReadResult<Bytes>
        try {
          next = await reader.read()
        } catch (cause) {
          if (signal?.aborted) throw abortError(signal)
          throw contextError('network', context, cutShort(received, expected), { cause })
        }
        if (!next.done) {
          received += next.value.byteLength
          controller.enqueue(next.value)
        } else if (expected !== undefined && received !== expected) {
          throw contextError('network', context, cutShort(received, expected))
        } else controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function cutShort(received: number, expected: number | undefined): string {
  return `was cut short after ${received}${expected === undefined ? '' : ` of ${expected}`} bytes`
}
