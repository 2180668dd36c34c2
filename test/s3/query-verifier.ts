import { s3Signer, UNSIGNED_PAYLOAD } from '../../src/s3/sign.ts'
import type { TestServer } from '../servers.ts'
import { expectedSignature } from './signature-reference.ts'

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

/** Verifies the signature in the query as a server would, and passes the request on signed in its headers. */
export function verifyingFetch(server: TestServer): Fetch {
  const sign = s3Signer(async () => server, server.region)
  return async (text, init = {}) => {
    const url = new URL(text)
    const method = init.method ?? 'GET'
    const headers = new Headers(init.headers)
    const wanted = await expectedSignature(method, url, headers, server, server.region)
    if (!wanted || url.searchParams.get('X-Amz-Signature') !== wanted) {
      return new Response(null, { status: 403 })
    }
    for (const name of [...url.searchParams.keys()]) {
      if (name.startsWith('X-Amz-')) url.searchParams.delete(name)
    }
    const signed = await sign({
      method,
      url: url.href,
      headers: Object.fromEntries(headers),
      payloadHash: UNSIGNED_PAYLOAD,
      atMs: Date.now(),
    })
    return fetch(url, { ...init, headers: signed })
  }
}
