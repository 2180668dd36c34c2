import { AsyncLocalStorage } from 'node:async_hooks'
import type { Bytes, Clock, MultipartLimits, Store } from '../../../src/contracts/index.ts'
import { throwIfAborted } from '../../../src/core/errors.ts'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { type S3Client, s3Client } from '../../../src/s3/client.ts'
import type { S3Credentials } from '../../../src/s3/credentials.ts'
import { GENERIC_PROVIDER } from '../../../src/s3/provider.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { s3ClientStore } from '../../../src/stores/s3.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'

/** Set in what the server does, to tell it from what the client does. */
export const atServer: AsyncLocalStorage<boolean> = new AsyncLocalStorage()

export const PART_BYTES = 16
/** A gateway's own limits, and what the client is told of them. */
const LIMITS: MultipartLimits = {
  minPartBytes: PART_BYTES,
  maxPartBytes: 1024,
  maxParts: 5,
  equalParts: true,
}
const BUCKET = 'bucket'
const ATTEMPT_MS = 1000
const HOUR_MS = 3_600_000

/** A request that is on its way to the server. */
export interface Passing {
  /** S3's name of the operation, and the number of a part. */
  readonly name: string
  /** The server does it, whatever becomes of the answer. */
  send(): Promise<Response>
  /** Nothing comes until the client's patience is over. */
  silence(): Promise<never>
  /** The server takes none of the session tokens that it has given out so far. */
  expireTokens(): void
}

/** What happens to requests on their way. */
export type Way = (passing: Passing) => Promise<Response>

export interface WorldOptions {
  readonly way?: Way
  /** How far the server's clock is ahead of the client's. */
  readonly skewMs?: number
  /** Where the bucket is; the client believes `us-east-1`. */
  readonly region?: string
  /** Default: one of the server's own. Without it the client asks AWS. */
  readonly endpoint?: string | undefined
}

/** A client, a server that verifies every signature, and the way between them. */
export interface World {
  readonly client: S3Client
  readonly store: Store
  /** What the server keeps, seen without any way in between. */
  readonly kept: Store
  readonly clock: Clock
  /** Each request by its name, whether it arrived or not. */
  readonly sent: readonly string[]
  /** Timers and sleeps of the client that still wait. */
  waiting(): number
  /** Resolves when the server has nothing left to do. */
  idle(): Promise<void>
  /** Uploads whose id never reached the client, because the answer to their creation did not. */
  readonly unheard: ReadonlySet<string>
  /** Lets the client get its credentials, over a way without faults. */
  warmUp(): Promise<void>
}

export function world({ way = (passing) => passing.send(), ...options }: WorldOptions = {}): World {
  const time = virtualClock()
  // Waits between attempts are over at once; time limits wait for `silence`.
  const clock: Clock = {
    ...time,
    async sleep(ms, signal) {
      throwIfAborted(signal)
      time.setNow(time.now() + ms)
    },
  }
  const { skewMs = 0, region = 'us-east-1' } = options
  const serverClock: Clock = { ...clock, now: () => time.now() + skewMs }
  const kept = memoryStore({ clock: serverClock, capabilities: { multipart: LIMITS } })
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 'token-0' }
  const gateway = s3Gateway({
    buckets: { [BUCKET]: kept },
    credentials,
    region,
    clock: serverClock,
  })
  const sent: string[] = []
  const unheard = new Set<string>()
  const busy = new Set<Promise<Response>>()
  let tokens = 0
  let calm = false

  async function arrive(url: string, { signal: _, ...init }: RequestInit): Promise<Response> {
    const request = new Request(url, init)
    request.headers.set('content-length', String((init.body as Bytes | undefined)?.byteLength ?? 0))
    const token = request.headers.get('x-amz-security-token')
    const response =
      token === credentials.sessionToken ? await gateway(request) : refusal(400, 'ExpiredToken')
    // As servers do, and all that the answer to a HEAD can tell.
    response.headers.set('date', new Date(serverClock.now()).toUTCString())
    response.headers.set('x-amz-bucket-region', region)
    return response
  }

  async function passingFetch(url: string, init: RequestInit): Promise<Response> {
    const signal = init.signal as AbortSignal
    const name = nameOf(url, init)
    sent.push(name)
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    aborted.catch(() => {})
    let uploadId: string | undefined
    let whole: Response | undefined
    const answer = (calm ? (passing: Passing) => passing.send() : way)({
      name,
      async send() {
        const response = atServer.run(true, () => arrive(url, init))
        busy.add(response)
        response.finally(() => busy.delete(response)).catch(() => {})
        if (name === 'CreateMultipartUpload') {
          uploadId = /<UploadId>(.*)<\/UploadId>/.exec(await (await response).clone().text())?.[1]
          if (uploadId) unheard.add(uploadId)
        }
        whole = await response
        return whole
      },
      async silence() {
        void time.advance(ATTEMPT_MS)
        return aborted
      },
      expireTokens() {
        credentials.sessionToken = `token-${++tokens}`
      },
    })
    answer.catch(() => {})
    const response = await Promise.race([answer, aborted])
    if (!response.body) return response
    const body = heard(response.body, aborted, () => {
      if (uploadId && response === whole) unheard.delete(uploadId)
    })
    return new Response(body, response)
  }

  const client = s3Client({
    bucket: BUCKET,
    endpoint: 'endpoint' in options ? options.endpoint : 'https://s3.test',
    pathStyle: true,
    credentials: (): S3Credentials => ({
      ...credentials,
      expiration: new Date(time.now() + HOUR_MS),
    }),
    provider: {
      ...GENERIC_PROVIDER,
      capabilities: { ...GENERIC_PROVIDER.capabilities, multipart: LIMITS },
    },
    retry: { baseMs: 0 },
    attemptTimeoutMs: ATTEMPT_MS,
    clock,
    fetch: passingFetch,
  })
  const store = s3ClientStore(client)

  return {
    ...{ client, store, kept, clock, sent, unheard },
    async warmUp() {
      calm = true
      await store.head('absent')
      calm = false
      sent.length = 0
    },
    waiting: () => time.pending,
    async idle() {
      while (busy.size > 0) await Promise.allSettled(busy)
      // A real turn of the loop: whatever would still come of it has come, unhandled rejections too.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** As `fetch` gives a body: it errors when the signal fires. */
function heard(
  body: ReadableStream<Uint8Array>,
  aborted: Promise<never>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await Promise.race([reader.read(), aborted])
        if (!done) return controller.enqueue(value)
        onEnd()
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

export function refusal(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`<Error><Code>${code}</Code><Message>why</Message></Error>`, {
    status,
    headers,
  })
}

/** Which operation a request is, read from the request alone. */
function nameOf(url: string, { method = 'GET', headers }: RequestInit): string {
  const { pathname, searchParams: query } = new URL(url)
  const copied = new Headers(headers).has('x-amz-copy-source')
  const part = query.get('partNumber')
  const keyed = pathname.length > `/${BUCKET}/`.length
  if (part) return `UploadPart${copied ? 'Copy' : ''} ${part}`
  if (query.has('uploadId')) {
    return `${{ POST: 'Complete', DELETE: 'Abort' }[method] ?? 'List'}${method === 'GET' ? 'Parts' : 'MultipartUpload'}`
  }
  if (query.has('uploads'))
    return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads'
  if (query.has('delete')) return 'DeleteObjects'
  if (!keyed) return 'ListObjectsV2'
  if (copied) return 'CopyObject'
  return `${method.charAt(0)}${method.slice(1).toLowerCase()}Object`
}
