import type { Bytes, Part } from 'sluice'
import { createUpload, getObject, headObject, put, putObject } from 'sluice/s3'
import { crc32c, crc64nvme } from 'sluice/s3/checksums'
import { appendObject } from 'sluice/s3/compose'
import { concatBytes } from '../../../src/core/bytes.ts'
import {
  bytesOf,
  type ClientCase,
  check,
  checkEqual,
  checkKept,
  checkNothing,
  checkRejects,
  type Fetch,
  flipped,
  PART_BYTES,
  pattern,
} from './tools.ts'

const CHECKSUMS = { crc32c, crc64nvme }

/** A way to the server on which the first such bodies change by one bit. */
function flippingUp(times: number): Fetch {
  let left = times
  return (url, init) => {
    if (init.method !== 'PUT' || left-- <= 0) return fetch(url, init)
    return fetch(url, { ...init, body: flipped(init.body as Bytes) })
  }
}

/** Checks from end to end, at a server that knows them. */
export const checksumCases: readonly ClientCase[] = Object.entries(CHECKSUMS).flatMap(
  ([name, checksum]): readonly ClientCase[] => [
    {
      name: `checksums: ${name} goes with what is put, and what is read is verified`,
      async run({ client }) {
        const to = client({ checksum: checksum() })
        await putObject(to, 'bytes', pattern(1000))
        await put(to, 'blob', new Blob([pattern(1000, 2)]))
        await putObject(to, 'empty', pattern(0))
        await checkKept(to, 'bytes', pattern(1000))
        await checkKept(to, 'blob', pattern(1000, 2))
        await checkKept(to, 'empty', pattern(0))
        check(to.checksum, 'the server is taken for one that knows no checksums')
      },
    },
    {
      name: `checksums: ${name} of parts becomes that of the object`,
      async run({ client }) {
        const to = client({ checksum: checksum() })
        const pieces = [pattern(PART_BYTES, 1), pattern(1000, 2)]
        await put(to, 'key', new Blob([concatBytes(pieces)]), { partBytes: PART_BYTES })
        await checkKept(to, 'key', concatBytes(pieces))
        await appendObject(to, 'key', pattern(10, 3))
        await checkKept(to, 'key', concatBytes([...pieces, pattern(10, 3)]))
        check(to.checksum, 'the server is taken for one that knows no checksums')
        const upload = await createUpload(to, 'wrong')
        const parts: Part[] = []
        for (const [index, piece] of pieces.entries()) {
          parts.push(await upload.putPart(index + 1, piece))
        }
        const swapped = parts.map((part) => ({ ...part, checksum: parts[0]?.checksum }))
        const codes = ['checksum-mismatch', 'invalid-options'] as const
        await checkRejects(upload.complete(swapped), codes, 'parts with others’ checksums')
        checkEqual(await headObject(to, 'wrong'), undefined, 'the object')
        await upload.abort()
      },
    },
    {
      name: `checksums: by ${name} a server refuses what changed on its way up`,
      async run({ client }) {
        const once = client({ checksum: checksum(), fetch: flippingUp(1) })
        await putObject(once, 'mended', pattern(1000))
        await checkKept(client(), 'mended', pattern(1000))
        const always = client({ checksum: checksum(), fetch: flippingUp(Number.POSITIVE_INFINITY) })
        const putting = putObject(always, 'key', pattern(1000))
        await checkRejects(putting, 'checksum-mismatch', 'put', 'key')
        const upload = await createUpload(always, 'parts')
        const part = upload.putPart(1, pattern(1000))
        await checkRejects(part, 'checksum-mismatch', 'putPart', 'parts')
        await upload.abort()
        for (const key of ['key', 'parts']) await checkNothing(client(), key)
      },
    },
    {
      name: `checksums: by ${name} a body that changed on its way down is an error`,
      async run({ client }) {
        const from = client({
          checksum: checksum(),
          async fetch(url, init) {
            const response = await fetch(url, init)
            if (init.method !== 'GET') return response
            const bytes = new Uint8Array(await response.arrayBuffer())
            return new Response(flipped(bytes), response)
          },
        })
        await putObject(from, 'key', pattern(1000))
        const found = await getObject(from, 'key')
        await checkRejects(bytesOf(found?.body), 'checksum-mismatch', 'the body', 'key')
      },
    },
  ],
)
