import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'

/**
 * A `fetch` for clients in Node that send or read much: `s3Client({ …, fetch: nodeFetch })`. Node's own copies a body three times before it
 * is sent (undici: once to keep it, once to stream it, once for the case of a redirect), which is four parts of memory for
 * each part in flight; and what comes twice, into its parser and out of it. This one hands the bytes to the socket as they lie, and on as they come.
 *
 * Guaranteed: what a client of this package needs of `fetch`. Redirects are not followed, and `signal` ends a request at any time.
 * Requests that neither have bytes as their body nor ask for a range go to `fetch` itself. Not guaranteed: anything else of `fetch`, such as
 * cookies; that the answer to the others is decoded, which a range cannot be; HTTP/2, which Node's own `fetch` does not speak either.
 *
 * Rejects with what Node says of a connection that fails.
 */
export function nodeFetch(url: string, init: RequestInit): Promise<Response> {
  const { body, method = 'GET', signal } = init
  const headers = Object.fromEntries(new Headers(init.headers))
  const isRange = method === 'GET' && headers.range !== undefined
  if (!(body instanceof Uint8Array || isRange)) return fetch(url, init)
  if (body) headers['content-length'] = String((body as Uint8Array).byteLength)
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
    sending.end(body as Uint8Array | undefined)
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
    return new Response(bodyOf(incoming), { status, headers })
  }
  incoming.resume()
  return new Response(null, { status, headers })
}

/** As they came from the socket, each time in a buffer of their own: `Readable.toWeb` would copy them. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else {
          const { buffer, byteOffset, byteLength } = value
          controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength))
        }
      },
      cancel(reason) {
        incoming.destroy(reason instanceof Error ? reason : undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
