import type { Bytes, ObjectHeaders, PutOptions, PutResult, Store } from '../../contracts/index.ts'
import { objectWriter } from '../../core/object-writer.ts'
import { collectBytes } from '../../core/streams.ts'
import { readObjectHeaders } from '../../s3/metadata.ts'
import { conditionsOf, minding } from './conditions.ts'
import type { Operation } from './operation.ts'

/** Up to here an object is put in one piece: a writer of parts would take a whole part's memory for a few bytes. */
const SMALL_BYTES = 8 * 1024 * 1024

/** A large body goes into the store while it comes; it becomes visible when its last byte has come and every digest was right. */
export async function putObject(operation: Operation): Promise<Response> {
  const { store, key, headers, payload, signal } = operation
  const { maxPutBytes } = store.capabilities
  const sizeBytes = payload.sizeBytes()
  const body =
    sizeBytes <= SMALL_BYTES ? await payload.bytes(maxPutBytes) : payload.chunks(maxPutBytes)
  const conditions = conditionsOf(headers)
  const options = { ...storedHeaders(headers), ...conditions, signal }
  const { etag } = await minding(operation, conditions, () =>
    writeObject(store, key, body, sizeBytes, options),
  )
  return new Response(null, { headers: { etag: `"${etag}"`, ...payload.checksums() } })
}

/** All of a body or, where it throws, nothing. `sizeBytes` is how large it is, or can be at most. */
export async function writeObject(
  store: Store,
  key: string,
  body: Bytes | AsyncIterable<Bytes>,
  sizeBytes: number,
  options: PutOptions,
): Promise<PutResult> {
  const { conditionalComplete } = store.capabilities
  const conditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined
  // Where only a put takes a condition, there must be but one.
  if (sizeBytes <= SMALL_BYTES || (conditional && !conditionalComplete)) {
    const bytes = body instanceof Uint8Array ? body : await collectBytes(body, sizeBytes)
    return store.put(key, bytes, options)
  }
  await using writer = objectWriter(store, key, options)
  for await (const chunk of body instanceof Uint8Array ? [body] : body) await writer.write(chunk)
  return writer.close()
}

/**
 * What is to be kept with an object. `aws-chunked` is how the body travels, not how it is encoded: kept, it would make
 * the object unreadable.
 */
export function storedHeaders(headers: Headers): ObjectHeaders {
  const found = readObjectHeaders(headers)
  const encodings = (found.contentEncoding ?? '').split(',').map((name) => name.trim())
  const kept = encodings.filter((name) => name !== '' && name.toLowerCase() !== 'aws-chunked')
  return { ...found, contentEncoding: kept.length === 0 ? undefined : kept.join(', ') }
}
