import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { Readable } from 'node:stream'

/**
 * A `fetch` for clients in Node that send much: `s3Client({ …, fetch: nodeFetch })`. Node's own copies a body three times before it
 * is sent (undici: once to keep it, once to stream it, once for the case of a redirect), which is four parts of memory for
 * each part in flight. This one hands the bytes to the socket as they lie.
 *
 * Guaranteed: what a client of this package needs of `fetch`. Redirects are not followed, `signal` ends a request at any time, and
 * requests without bytes as their body go to `fetch` itself. Not guaranteed: anything else of `fetch`, such as cookies; that the
 * answer to a body is decoded; HTTP/2, which Node's own `fetch` does not speak either.
 *
 * Rejects with what Node says of a connection that fails.
 */
export function nodeFetch(url: string, init: RequestInit): Promise<Response> {
  const { body, method = 'GET', signal } = init
  if (!(body instanceof Uint8Array)) return fetch(url, init)
  const headers = Object.fromEntries(new Headers(init.headers))
  headers['content-length'] = String(body.byteLength)
  const send = url.startsWith('https:') ? secureRequest : plainRequest
  return new Promise((resolve, reject) => {
    const sending = send(url, { method, headers, ...(signal && { signal }) }, (incoming) => {
      // Answered before all was sent, so refused: nobody reads the rest, and the bytes must not be touched any more.
      incoming.once('end', () => sending.writableFinished || sending.destroy())
      try {
        resolve(responseOf(incoming))
      } catch (error) {
        sending.destroy()
        reject(error)
      }
    })
    // After the answer the body's reader hears of it.
    sending.on('error', reject)
    sending.end(body)
  })
}

/** They have no body, and `Response` takes none. */
const WITHOUT_BODY = new Set([204, 205, 304])

function responseOf(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = incoming
  const headers = new Headers()
  for (let n = 0; n + 1 < rawHeaders.length; n += 2) {
    headers.append(rawHeaders[n] as string, rawHeaders[n + 1] as string)
  }
  if (!WITHOUT_BODY.has(status)) {
    return new Response(Readable.toWeb(incoming) as ReadableStream, { status, headers })
  }
  incoming.resume()
  return new Response(null, { status, headers })
}
