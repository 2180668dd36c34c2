import { S3Client as AwsClient } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { S3Client as LiteClient } from '@bradenmacdonald/s3-lite-client'
import { S3mini } from 's3mini'
import { nodeFetch } from 'sluice/node'
import { put, type S3ClientOptions, s3Client } from 'sluice/s3'

/** Uploads a stream to an endpoint, in parts of `PART_BYTES`, `CONCURRENCY` at once. Resolves to the ETag. */
export type Contender = (
  endpoint: string,
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
) => Promise<string | undefined>

export const PART_BYTES: number = 8 * 1024 ** 2
export const CONCURRENCY = 4

const BUCKET = 'bench'
const REGION = 'us-east-1'
const keys = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

async function bySluice(
  endpoint: string,
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  fetch?: S3ClientOptions['fetch'],
): Promise<string> {
  const client = s3Client({ bucket: BUCKET, endpoint, region: REGION, credentials: keys, fetch })
  const options = { partBytes: PART_BYTES, concurrency: CONCURRENCY }
  return (await put(client, 'key', source, options)).etag
}

/** Each with its own defaults, but for the size and the number of parts. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  sluice: (endpoint, source) => bySluice(endpoint, source, nodeFetch),

  'sluice, by fetch': (endpoint, source) => bySluice(endpoint, source),

  async 'lib-storage'(endpoint, source) {
    const client = new AwsClient({
      endpoint,
      region: REGION,
      credentials: keys,
      forcePathStyle: true,
    })
    const upload = new Upload({
      client,
      params: { Bucket: BUCKET, Key: 'key', Body: source },
      partSize: PART_BYTES,
      queueSize: CONCURRENCY,
    })
    return (await upload.done()).ETag
  },

  async s3mini(endpoint, source) {
    const client = new S3mini({
      ...keys,
      endpoint: `${endpoint}/${BUCKET}`,
      region: REGION,
      minPartSize: PART_BYTES,
    })
    const answer = await client.putAnyObject('key', source)
    return answer.headers.get('etag') ?? undefined
  },

  async 's3-lite-client'(endpoint, source) {
    const client = new LiteClient({
      endPoint: endpoint,
      region: REGION,
      bucket: BUCKET,
      accessKey: keys.accessKeyId,
      secretKey: keys.secretAccessKey,
      pathStyle: true,
    })
    return (await client.putObject('key', source, { partSize: PART_BYTES })).etag
  },

  /** The reference: the same parts by nothing but `fetch`, without a signature, a retry or a completion that is checked. */
  async 'bare fetch'(endpoint, source) {
    const at = `${endpoint}/${BUCKET}/key`
    const created = await (await fetch(`${at}?uploads`, { method: 'POST' })).text()
    const id = /<UploadId>(.*)<\/UploadId>/.exec(created)?.[1]
    const inFlight = new Set<Promise<void>>()
    let number = 0
    const send = async (body: Uint8Array<ArrayBuffer>): Promise<void> => {
      while (inFlight.size >= CONCURRENCY) await Promise.race(inFlight)
      const sending = fetch(`${at}?partNumber=${++number}&uploadId=${id}`, { method: 'PUT', body })
        .then((response) => void response.arrayBuffer())
        .finally(() => inFlight.delete(sending))
      inFlight.add(sending)
    }
    let part = new Uint8Array(PART_BYTES)
    let filled = 0
    for await (const chunk of source) {
      for (let taken = 0; taken < chunk.byteLength; ) {
        const piece = chunk.subarray(taken, taken + PART_BYTES - filled)
        part.set(piece, filled)
        filled += piece.byteLength
        taken += piece.byteLength
        if (filled < PART_BYTES) continue
        await send(part)
        part = new Uint8Array(PART_BYTES)
        filled = 0
      }
    }
    if (filled > 0) await send(part.subarray(0, filled))
    await Promise.all(inFlight)
    const completed = await fetch(`${at}?uploadId=${id}`, { method: 'POST' })
    return /<ETag>"(.*)"<\/ETag>/.exec(await completed.text())?.[1]
  },
}
