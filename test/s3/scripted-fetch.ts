import type { S3ClientOptions } from '../../src/s3/client.ts'

/** A request as it would have gone out. */
export interface Sent {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: string
}

export type Step = (sent: Sent, init: RequestInit) => Response | Promise<Response>

export interface Script {
  readonly options: S3ClientOptions
  readonly sent: readonly Sent[]
}

/**
 * A client's options whose `fetch` plays these steps, one a request. A request beyond the last one gets a 418, which is
 * not retried, so that it shows. Retries wait for nothing.
 */
export function script(steps: readonly Step[], options: Partial<S3ClientOptions> = {}): Script {
  const sent: Sent[] = []
  return {
    sent,
    options: {
      bucket: 'bucket',
      endpoint: 'https://s3.test',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
      retry: { baseMs: 0 },
      async fetch(url, init) {
        const request = new Request(url, init)
        const step = steps[sent.length]
        const { method, headers } = request
        const record = { method, url: new URL(url), headers, body: await request.text() }
        sent.push(record)
        return step ? step(record, init) : new Response('beyond the script', { status: 418 })
      },
      ...options,
    },
  }
}

export const cut: Step = () => Promise.reject(new TypeError('fetch failed'))

export function answer(status: number, body = '', headers: Record<string, string> = {}): Step {
  const empty = status === 204 || status === 304 || body === ''
  return () => new Response(empty ? null : body, { status, headers })
}

export function xmlError(code: string, more = ''): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>why</Message>${more}<RequestId>REQ</RequestId></Error>`
}

/** A HEAD's answer for an object of 5 bytes. */
export function found(headers: Record<string, string> = {}): Step {
  return answer(200, '', {
    etag: '"tag"',
    'content-length': '5',
    'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
    ...headers,
  })
}

export async function failure(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await call
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('It was to fail, and did not')
}
