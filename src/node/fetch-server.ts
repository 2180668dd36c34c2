import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface FetchServerOptions {
  /** Default `127.0.0.1`: this machine only. */
  readonly host?: string | undefined
  /** Default 0: any that is free. */
  readonly port?: number | undefined
}

export interface FetchServer {
  /** Such as `http://127.0.0.1:9000`. */
  readonly url: string
  /** Takes no more requests, and ends when those under way have, or after `patienceMs` without them. */
  close(patienceMs?: number): Promise<void>
}

/** Time for a body of 5 GiB over a slow wireless network. */
const REQUEST_TIMEOUT_MS = 3600_000

/**
 * Serves a fetch handler over plain HTTP, and gives it requests with a body that streams and a signal that fires when the
 * client goes away. A path with dot segments gets 400: a `Request` would resolve them into another path.
 *
 * Errors: what Node says of an address that cannot be had (`EADDRINUSE` and the like).
 */
export async function fetchServer(
  handler: (request: Request) => Promise<Response>,
  { host = '127.0.0.1', port = 0 }: FetchServerOptions = {},
): Promise<FetchServer> {
  const running = new Set<Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    const serving = serve(handler, incoming, outgoing)
      // The client went away, or the body did: there is nobody left to be told.
      .catch(() => void outgoing.destroy())
      .finally(() => running.delete(serving))
    running.add(serving)
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close(patienceMs = 0) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), patienceMs)
      await closed
      clearTimeout(timer)
      await Promise.all(running)
    },
  }
}

const DOT_SEGMENT = /(^|\/)(\.|%2e){1,2}(\/|$)/i
/** What else a URL parser would change: a backslash is a slash to it, and the rest behind a hash is not sent on. */
const ALTERED = /[\\#]/
const HOST = /^[A-Za-z0-9._-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/

async function serve(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers, url = '/' } = incoming
  const [path = ''] = url.split('?')
  const plain = path.startsWith('/') && !DOT_SEGMENT.test(path) && !ALTERED.test(url)
  if (!plain || !HOST.test(headers.host ?? '')) {
    outgoing.writeHead(400).end()
    incoming.resume()
    return
  }
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers: headers as HeadersInit,
    signal: gone.signal,
  }
  if (hasBody) Object.assign(init, { body: Readable.toWeb(incoming), duplex: 'half' })
  const response = await handler(new Request(`http://${headers.host}${url}`, init))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body) await pipeline(Readable.fromWeb(response.body as never), outgoing)
  else outgoing.end()
  // What the handler left unread would hold the connection up.
  incoming.resume()
}
