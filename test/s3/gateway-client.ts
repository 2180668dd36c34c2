import type { Bytes, Clock, Store } from '../../src/contracts/index.ts'
import { EMPTY } from '../../src/core/bytes.ts'
import { systemClock } from '../../src/core/clock.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { memoryStore } from '../../src/stores/memory.ts'

export type Respond = (request: Request) => Promise<Response>

export interface GatewayClientOptions {
  readonly store?: Store
  /** The server's. */
  readonly clock?: Clock
  /** Stands between the client and the gateway. */
  readonly between?: (request: Request, respond: Respond) => Promise<Response>
  readonly client?: Partial<S3ClientOptions>
}

/** A client of the gateway in this process, without a connection. */
export function gatewayClient(options: GatewayClientOptions = {}): S3Client {
  const { store = memoryStore(), clock = systemClock } = options
  const { between = (request, respond) => respond(request) } = options
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
  const handler = s3Gateway({ buckets: { bucket: store }, credentials, clock })
  return s3Client({
    bucket: 'bucket',
    endpoint: 'http://127.0.0.1:9',
    credentials,
    retry: { baseMs: 0 },
    fetch(url, init) {
      const request = new Request(url, init)
      const { byteLength } = (init.body as Bytes | undefined) ?? EMPTY
      request.headers.set('content-length', String(byteLength))
      return between(request, async () => {
        const response = await handler(request)
        response.headers.set('date', new Date(clock.now()).toUTCString())
        return response
      })
    },
    ...options.client,
  })
}
