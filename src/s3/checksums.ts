import type { Bytes, Part } from '../contracts/index.ts'
import { fromBase64, toBase64 } from '../core/bytes.ts'
import { type CrcName, combineCrcs, crc } from '../core/crc.ts'
import { asSluiceError } from '../core/errors.ts'
import { iterate } from '../core/reading.ts'
import type { S3Checksum } from './client.ts'
import type { Refusal } from './errors.ts'

/** CRC-32C (Castagnoli). For `S3ClientOptions.checksum`, as each of these. */
export function crc32c(): S3Checksum {
  return checksum('crc32c')
}

/** CRC-64/NVME: what AWS computes of an object by itself. */
export function crc64nvme(): S3Checksum {
  return checksum('crc64nvme')
}

/** CRC-32, as in zip: what the AWS SDKs send. */
export function crc32(): S3Checksum {
  return checksum('crc32')
}

const PREFIX = 'x-amz-checksum-'

/**
 * What is sent and verified with this checksum, of objects that are put in one request or in parts.
 *
 * Guaranteed: the server refuses a body, or a part, that was changed on its way (`checksum-mismatch`, and the client sends it again),
 * and parts that do not make up the object. A whole object that is read errors with `checksum-mismatch` behind its last byte when it is
 * not what was written, also where it was gone on with after a cut.
 *
 * Not guaranteed: anything at a provider that knows no such header. The first answer that says so turns it off for this client, and the
 * request is made again without. Not verified: ranges, bodies that `fetch` decodes, objects without such a checksum (those that
 * were copied in parts or composed, too) or with a composite one, and answers whose checksum a page may not see (`ExposeHeaders`).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function checksum(name: CrcName): S3Checksum {
  const header = PREFIX + name
  const element = `Checksum${name.toUpperCase()}`
  const isOwn = (other: string): boolean => other === header || OWN.test(other)
  const algorithm = { [`${PREFIX}algorithm`]: name.toUpperCase(), [`${PREFIX}type`]: 'FULL_OBJECT' }
  return {
    name,
    async of(body) {
      const sum = crc(name)
      if (!(body instanceof Blob)) sum.update(body)
      else {
        try {
          for await (const chunk of iterate(body.stream() as ReadableStream<Bytes>))
            sum.update(chunk)
        } catch (error) {
          throw asSluiceError(error, 'aborted', 'The Blob cannot be read')
        }
      }
      return toBase64(sum.digest())
    },
    headers: (value) => ({ [header]: value }),
    uploadHeaders: algorithm,
    completion(parts) {
      const whole = combined(name, parts)
      return whole === undefined
        ? undefined
        : {
            headers: { [header]: whole, [`${PREFIX}type`]: 'FULL_OBJECT' },
            partXml: (part) => [element, part.checksum],
          }
    },
    modeHeaders: { [`${PREFIX}mode`]: 'ENABLED' },
    verifier(headers) {
      const expected = headers.get(header)
      // Of several parts' checksums it is the checksum of those: with their number behind it.
      if (!expected || expected.includes('-')) return undefined
      if ((headers.get(`${PREFIX}type`) ?? 'FULL_OBJECT') !== 'FULL_OBJECT') return undefined
      const sum = crc(name)
      return {
        update: (bytes) => sum.update(bytes),
        isRight: () => toBase64(sum.digest()) === expected,
      }
    },
    isUnsupported: (refusal, headers) => Object.keys(headers).some(isOwn) && saysUnknown(refusal),
    without: (headers) =>
      Object.fromEntries(Object.entries(headers).filter(([other]) => !isOwn(other))),
  }
}

const OWN = /^x-amz-checksum-(algorithm|type|mode)$/

/**
 * R2: 501 "Header 'x-amz-checksum-algorithm' with value 'CRC32C' not implemented"; B2: 400 "Unsupported header
 * 'x-amz-checksum-crc32' received for this API call."; S3's own words: "A header you provided implies functionality …".
 */
function saysUnknown({ status, message = '' }: Refusal): boolean {
  if (status === 501) return /checksum|a header you provided/i.test(message)
  return (
    status === 400 &&
    /x-amz-(sdk-)?checksum/i.test(message) &&
    /unsupported|not (supported|implemented|allowed)|unknown/i.test(message)
  )
}

/** Of the whole object; `undefined` where a part has none, as one that the server copied. */
function combined(name: CrcName, parts: readonly Part[]): string | undefined {
  let whole = crc(name).digest()
  for (const { checksum, sizeBytes } of parts) {
    const digest = fromBase64(checksum ?? '')
    if (digest?.byteLength !== whole.byteLength) return undefined
    whole = combineCrcs(name, whole, digest, sizeBytes)
  }
  return toBase64(whole)
}
