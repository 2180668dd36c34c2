import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpSink, type HttpSinkOptions, httpSink } from '../../src/client/http-sink.ts'
import type { IngestOptions } from '../../src/http/ingest-app.ts'
import { type Service, service, TOKENS } from '../http/tools.ts'

/** What becomes of one request for records, in the order they come. Absent, it is served. */
export type Fault =
  | 'answer lost'
  | 'request lost'
  | 'answered by no server of ours'
  | { readonly status: number; readonly code?: string; readonly kept?: boolean }

export interface LocalServer extends AsyncDisposable {
  readonly service: Service
  /** `epoch.seq` of each request for records, and what became of it. */
  readonly seen: string[]
  /** Paths of all other requests. */
  readonly others: string[]
  /** What is to become of the next requests for records. The last one may stay for ever. */
  break(...faults: (Fault | undefined)[]): void
  breakForEver(fault: Fault | undefined): void
  sink(options?: Partial<HttpSinkOptions>): HttpSink
}

/** The ingest app behind Node's own HTTP server, and between the two whatever a network does. */
export async function localServer(options: Partial<IngestOptions> = {}): Promise<LocalServer> {
  const of = await service(options)
  const faults: (Fault | undefined)[] = []
  let always: Fault | undefined
  const seen: string[] = []
  const others: string[] = []

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { url = '/', method = 'GET', headers } = incoming
    const body: Buffer[] = []
    for await (const chunk of incoming) body.push(chunk as Buffer)
    const serve = () =>
      of.send(
        url,
        {
          method,
          headers: headers as Record<string, string>,
          body: method === 'GET' ? null : Buffer.concat(body),
        },
        null,
      )
    const answer = async (response: Response): Promise<void> => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(await response.text())
    }
    if (!url.endsWith('/records')) {
      others.push(`${method} ${url}`)
      return answer(await serve())
    }
    const fault = faults.length > 0 ? faults.shift() : always
    const kept =
      fault === undefined || fault === 'answer lost' || (typeof fault === 'object' && fault.kept)
    const response = kept ? await serve() : undefined
    const number = `${headers['producer-epoch']}.${headers['producer-seq']}`
    seen.push(`${number} ${response ? response.status : 'lost'}`)
    if (fault === undefined) return answer(response as Response)
    if (fault === 'answered by no server of ours') return answer(Response.json({ ok: true }))
    if (typeof fault === 'string') {
      outgoing.destroy()
      return
    }
    const { status, code } = fault
    return answer(code ? Response.json({ code }, { status }) : new Response('<html>', { status }))
  }
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    service: of,
    seen,
    others,
    break: (...next) => void faults.push(...next),
    breakForEver: (fault) => {
      always = fault
    },
    sink: (changed = {}) =>
      httpSink({
        url: `http://127.0.0.1:${port}`,
        stream: 'flights',
        token: TOKENS.all,
        retry: { attempts: 3, random: () => 0 },
        ...changed,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
