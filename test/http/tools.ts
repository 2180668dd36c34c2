import type { Row, Store } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { sha256Hex } from '../../src/core/hash.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { tokenAuthorizer } from '../../src/http/access.ts'
import type { IngestOptions } from '../../src/http/ingest-app.ts'
import { ingestApp } from '../../src/http/ingest-app.ts'
import { sinkTarget } from '../../src/http/target.ts'
import { createSink, type FileSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'

/** Tokens of the tests: what they are called is what they may do. */
export const TOKENS = {
  all: 'token-for-everything',
  flightsWriter: 'token-for-writing-flights',
  flightsReader: 'token-for-reading-flights',
  birds: 'token-for-birds',
} as const

export interface Service {
  readonly store: Store
  readonly flights: FileSink
  readonly birds: FileSink
  /** A request with a token, `TOKENS.all` unless another is named; `null` sends none. */
  send(path: string, init?: RequestInit, token?: string | null): Promise<Response>
  post(path: string, body: BodyInit, headers?: Record<string, string>): Promise<Response>
}

export const NDJSON = { 'content-type': 'application/x-ndjson' }

export async function service(
  options: Partial<IngestOptions> = {},
  ofFlights: Partial<SinkOptions> = {},
): Promise<Service> {
  const store = ofFlights.store ?? memoryStore()
  const flights = createSink({ stream: 'flights', store, format: jsonl(), ...ofFlights })
  const birds = createSink({ stream: 'birds', store, format: jsonl() })
  const rule = async (token: string, streams: string[], scopes: ('read' | 'write')[]) => ({
    sha256: await sha256Hex(utf8(token)),
    streams,
    scopes,
  })
  const app = ingestApp({
    streams: {
      flights: { format: 'jsonl', target: sinkTarget(flights) },
      birds: { format: 'jsonl', target: sinkTarget(birds) },
    },
    authorize: tokenAuthorizer([
      await rule(TOKENS.all, ['*'], ['write', 'read']),
      await rule(TOKENS.flightsWriter, ['flights'], ['write']),
      await rule(TOKENS.flightsReader, ['flights'], ['read']),
      await rule(TOKENS.birds, ['birds'], ['write', 'read']),
    ]),
    store,
    ...options,
  })
  const send: Service['send'] = (path, init = {}, token = TOKENS.all) => {
    const headers = new Headers(init.headers)
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    return app.fetch(new Request(`https://sluice.example${path}`, { ...init, headers }))
  }
  return {
    store,
    flights,
    birds,
    send,
    post: (path, body, headers = NDJSON) => send(path, { method: 'POST', body, headers }),
  }
}

/** Every record in the files under a prefix, in the order of the keys. */
export async function storedRows(store: Store, prefix: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const object of store.list({ prefix })) {
    if (object.kind !== 'object') continue
    const text = (await (await store.get(object.key))?.text()) ?? ''
    for (const line of text.split('\n')) if (line !== '') rows.push(JSON.parse(line) as Row)
  }
  return rows
}

export async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail: string }> {
  const type = response.headers.get('content-type')
  if (type !== 'application/problem+json') {
    throw new Error(`${response.status} with ${type}, not a problem: ${await response.text()}`)
  }
  return (await response.json()) as { status: number; code: string; detail: string }
}

export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
