import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Cut } from './client-suite/tools.ts'

export interface CuttingProxy {
  readonly url: string
  /** Orders the answers to requests to this bucket to be cut. What was ordered before and is left over counts no more. */
  cut(bucket: string, cuts: readonly Cut[]): void
  close(): Promise<void>
}

/**
 * Passes everything on, requests as they come, so that signatures hold; and cuts the connection in the midst of answers: what
 * each runtime makes of that is what is to be tested.
 */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const orders = new Map<string, (Cut & { left: number })[]>()

  function orderFor({ method, url = '' }: IncomingMessage): Cut | undefined {
    const [, bucket = ''] = /^\/([^/?]*)/.exec(url) ?? []
    const order = orders
      .get(bucket)
      ?.find((cut) => cut.left > 0 && cut.method === method && url.includes(cut.query ?? ''))
    if (order) order.left--
    return order
  }

  const server = createServer((incoming, outgoing) => {
    pass(target, incoming, outgoing, () => orderFor(incoming)).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(bucket, cuts) {
      orders.set(
        bucket,
        cuts.map((cut) => ({ ...cut, left: cut.times ?? 1 })),
      )
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function pass(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  orderNow: () => Cut | undefined,
): Promise<void> {
  const { method, url, rawHeaders } = incoming
  const asking = request(new URL(target), { method, path: url, headers: rawHeaders as never })
  const answered = once(asking, 'response') as Promise<[IncomingMessage]>
  answered.catch(() => {})
  await pipeline(incoming, asking)
  const [answer] = await answered
  const { statusCode = 502, rawHeaders: headers } = answer
  const order = orderNow()
  if (!order) {
    outgoing.writeHead(statusCode, headers)
    await pipeline(answer, outgoing)
    return
  }
  const body = await buffer(answer)
  if (order.keepBytes !== undefined) {
    outgoing.writeHead(statusCode, order.chunked ? withoutLength(headers) : headers)
    outgoing.flushHeaders()
    // What is written is sent before the connection ends.
    if (order.keepBytes > 0) {
      await new Promise((resolve) => outgoing.write(body.subarray(0, order.keepBytes), resolve))
    }
  }
  outgoing.socket?.end()
}

/** Without a length Node sends the body in chunks. */
function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== 'content-length')
}
