import { md5 } from '@noble/hashes/legacy.js'
import type { Bytes } from '../contracts/index.ts'
import { ownBytes, toBase64 } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import type { S3Client, S3Headers } from './client.ts'
import { contextError } from './errors.ts'

/**
 * The same bucket with objects encrypted by a key that S3 does not keep (SSE-C): whatever is put, read, copied or completed through this
 * client carries the key. Without it nobody reads the objects again, S3 neither.
 *
 * Not guaranteed: anything of objects that were written without the key, which are refused; a copy reads and writes with the same
 * key. Listings and deletions need none. S3 takes such requests by https alone; with `allowInsecure` everybody on the way could
 * read the key. `presign` and `postPolicy` refuse this client: what they sign would write in the clear.
 *
 * Errors: `invalid-options` for a key that has not 32 bytes; at the calls `invalid-options` or `permission-denied` for a wrong one, and
 * `not-supported` where the provider knows no such keys, also where it took the object all the same and kept it in the clear (outside
 * of pages).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export function withCustomerKey(client: S3Client, key: Bytes): S3Client {
  if (key.byteLength !== 32) {
    throw new SluiceError('invalid-options', 'A customer key has 32 bytes (AES-256)')
  }
  const headers = keyHeaders(PREFIX, key)
  const sourceHeaders = keyHeaders('x-amz-copy-source-server-side-encryption-customer-', key)
  const send: S3Client['send'] = (call) => {
    if (!TAKES_KEY.test(call.operation)) return client.send(call)
    const copies = call.operation.endsWith('Copy') || call.operation === 'CopyObject'
    return client.send({
      ...call,
      headers: { ...call.headers, ...headers, ...(copies && sourceHeaders) },
      async read(response, context) {
        // Servers exist that keep such an object in the clear. A page may not be told which it is.
        const said = response.headers.has(`${PREFIX}algorithm`) || response.type === 'cors'
        if (said || !ENCRYPTS.test(call.operation)) return call.read(response, context)
        await response.body?.cancel()
        throw contextError(
          'not-supported',
          context,
          'was done without encryption: it knows no customer keys',
        )
      },
    })
  }
  // Whatever else the client says stays its own, and changes with it.
  return Object.create(client, { send: { value: send } })
}

const PREFIX = 'x-amz-server-side-encryption-customer-'
const ENCRYPTS = /^((Put|Copy)Object|CreateMultipartUpload)$/
const TAKES_KEY =
  /^((Put|Get|Head|Copy)Object|(Create|Complete)MultipartUpload|UploadPart(Copy)?|ListParts)$/

function keyHeaders(prefix: string, key: Bytes): S3Headers {
  return {
    [`${prefix}algorithm`]: 'AES256',
    [`${prefix}key`]: toBase64(key),
    // How S3 has it; it guards the key against errors on the way, not against anybody.
    [`${prefix}key-md5`]: toBase64(ownBytes(md5(key))),
  }
}
