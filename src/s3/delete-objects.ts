import type { CallOptions, DeleteResult } from '../contracts/index.ts'
import { toBase64, utf8 } from '../core/bytes.ts'
import { asSluiceError, isSluiceError, type SluiceError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { checkKey } from '../core/keys.ts'
import { limiter } from '../core/limiter.ts'
import type { S3Client } from './client.ts'
import { refusalError, refusalOf } from './errors.ts'
import { deleteObject } from './objects.ts'
import { readXml } from './response.ts'
import { fitsXml, writeXml, type XmlPart } from './xml.ts'

const SINGLES_AT_ONCE = 8

interface Failure {
  readonly key: string
  readonly error: SluiceError
}

/**
 * Deletes by batches of as many as the provider takes, each key by itself where a batch cannot: where XML cannot carry the key, the server
 * knows no batches, or it asks to try a key again. An absent key counts as deleted. When a whole batch fails, none is sent
 * after it, and the keys of those fail with the same error: a server that is away or forbids it is not asked for each.
 *
 * Rejects only with `invalid-key`, before anything is sent, and when its signal fires; what else failed is in the result.
 */
export async function deleteObjects(
  client: S3Client,
  keys: string | Iterable<string>,
  options: CallOptions = {},
): Promise<DeleteResult> {
  const batched: string[] = []
  const singles: string[] = []
  // A text is a sequence of texts as well.
  for (const key of new Set(typeof keys === 'string' ? [keys] : keys)) {
    checkKey(key)
    if (fitsXml(key)) batched.push(key)
    else singles.push(key)
  }
  const total = batched.length + singles.length
  const failed: Failure[] = []
  const { deleteBatchKeys } = client.provider
  if (batched.length === 1 || deleteBatchKeys === 0) singles.push(...batched.splice(0))
  while (batched.length > 0) {
    const batch = batched.splice(0, deleteBatchKeys)
    try {
      const objects = batch.map((key): XmlPart[] => [['Key', key]])
      for (const failure of await deleteBatch(client, objects, options)) {
        if (failure.error.retryable) singles.push(failure.key)
        else failed.push(failure)
      }
    } catch (thrown) {
      const rest = [...batch, ...batched.splice(0)]
      if (isSluiceError(thrown, 'not-supported')) singles.push(...rest)
      else failed.push(...failAll(rest, thrown, options))
    }
  }
  failed.push(...(await deleteSingly(client, singles, options)))
  return { deleted: total - failed.length, failed }
}

/** The keys that the answer says were not deleted. Rejects when there is no answer for them. */
export async function deleteBatch(
  client: S3Client,
  batch: readonly (readonly XmlPart[])[],
  options: CallOptions,
): Promise<Failure[]> {
  const objects = batch.map((object): XmlPart => ['Object', object])
  const body = utf8(writeXml('Delete', [...objects, ['Quiet', true]]))
  const digest = toBase64(await sha256(body))
  return client.send({
    operation: 'DeleteObjects',
    method: 'POST',
    query: { delete: '' },
    // S3 demands a checksum of this body; MD5, the older choice, is not in WebCrypto.
    headers: { 'content-type': 'application/xml', 'x-amz-checksum-sha256': digest },
    body,
    signBody: true,
    signal: options.signal,
    async read(response, context) {
      const root = await readXml(response, context, 'DeleteResult')
      return root.children('Error').map((error) => {
        const key = error.text('Key') ?? ''
        // The status is that of the whole answer: only the code speaks of the key.
        const refusal = { ...refusalOf(response, error), status: 400 }
        return { key, error: refusalError(refusal, { ...context, key }) }
      })
    },
  })
}

async function deleteSingly(
  client: S3Client,
  keys: readonly string[],
  options: CallOptions,
): Promise<Failure[]> {
  const limit = limiter(SINGLES_AT_ONCE)
  const results = await Promise.all(
    keys.map((key) =>
      limit(() => deleteObject(client, key, options)).then(
        () => [],
        (error: unknown) => failAll([key], error, options),
      ),
    ),
  )
  return results.flat()
}

function failAll(keys: readonly string[], thrown: unknown, { signal }: CallOptions): Failure[] {
  const error: SluiceError = asSluiceError(thrown, 'protocol', 'Deleting failed')
  if (signal?.aborted) throw error
  return keys.map((key) => ({ key, error }))
}
