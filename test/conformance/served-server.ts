import type { S3StoreOptions } from 'sluice/stores/s3'
import type { Cut } from './client-suite/tools.ts'
import { CaseTrouble } from './matrix-case.ts'

/** A server that serve.ts has started, as a runtime meets it. Plain JSON. */
export interface ServedServer {
  readonly kind: string
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly capabilities?: S3StoreOptions['capabilities']
  /** Cases of the store suite, and of the client suite, that it is known to fail. */
  readonly exceptions?: Readonly<Record<string, string>> | undefined
  readonly clientExceptions?: Readonly<Record<string, string>> | undefined
  /** How many buckets it has at a time, where that is bounded. */
  readonly bucketsAtOnce?: number | undefined
  /** The same server by way of a proxy that cuts answers, where there can be one. */
  readonly proxy?: string | undefined
  /** Where buckets are made and cuts are ordered. */
  readonly control: string
}

/** A bucket, made by whoever holds the server: creating one is no call that a page of another origin may make. */
export async function newBucket({ control }: ServedServer): Promise<string> {
  return (await ask(`${control}/buckets`, 'POST')).text()
}

export async function removeBucket({ control }: ServedServer, bucket: string): Promise<void> {
  await (await ask(`${control}/buckets/${bucket}`, 'DELETE')).body?.cancel()
}

/** Orders the answers to the next such requests to the bucket, by way of the proxy, to be cut. */
export async function orderCuts(
  { control }: ServedServer,
  bucket: string,
  cuts: readonly Cut[],
): Promise<void> {
  const body = JSON.stringify(cuts)
  await (await ask(`${control}/cuts/${bucket}`, 'PUT', body)).body?.cancel()
}

async function ask(url: string, method: string, body?: string): Promise<Response> {
  const init = { method, ...(body === undefined ? {} : { body }) }
  const response = await fetch(url, init).catch((error) => {
    throw new CaseTrouble(`${method} ${url}: ${error}`)
  })
  if (response.ok) return response
  throw new CaseTrouble(`${method} ${url}: ${response.status} ${await response.text()}`)
}
