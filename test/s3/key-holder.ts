import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Client } from '../../src/s3/client.ts'
import { presign } from '../../src/s3/presign.ts'
import type { SignFunction, SignRequest } from '../../src/s3/presigned-client.ts'

export interface KeyHolder {
  /** What a page would do: it asks the server over HTTP, and knows no key. */
  readonly sign: SignFunction
  /** The operations that were signed. */
  readonly signed: readonly string[]
  stop(): Promise<void>
}

/** A server that holds the key and signs what its rule allows: objects under one folder. */
export async function startKeyHolder(client: S3Client, folder: string): Promise<KeyHolder> {
  const signed: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    let text = ''
    for await (const chunk of incoming) text += chunk
    const request = JSON.parse(text) as SignRequest
    if (!request.key?.startsWith(folder)) {
      outgoing.writeHead(403).end()
      return
    }
    signed.push(request.operation)
    outgoing.end(JSON.stringify(await presign(client, { ...request, expiresInMs: 60_000 })))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sign`
  return {
    signed,
    async sign(request, { signal }) {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(request), signal })
      if (!response.ok) throw new Error(`The key holder answered ${response.status}`)
      return response.json() as ReturnType<SignFunction>
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
