import type { Bytes } from 'sluice'
import { headObject, type PutBody, put, putObject } from 'sluice/s3'
import { resumable, type UploadCheckpoint } from 'sluice/s3/resumable'
import {
  type ClientCase,
  check,
  checkEqual,
  checkKept,
  checkNothing,
  checkNoUpload,
  checkRejects,
  noting,
  PART_BYTES,
  pattern,
} from './tools.ts'

const MIB = 1024 ** 2
const IN_PARTS = { partBytes: PART_BYTES, concurrency: 2 }
/** Two parts and the beginning of a third. */
const LONG_BYTES = 2 * PART_BYTES + 1000

/** In chunks that divide no part. */
async function* chunksOf(bytes: Bytes): AsyncGenerator<Bytes, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += 700_001) yield bytes.subarray(at, at + 700_001)
}

/** A stream that gives these bytes, then does what is told, and notes why it was let go. */
function streamOf(
  bytes: Bytes,
  atEnd: (controller: ReadableStreamDefaultController<Bytes>) => unknown = (it) => it.close(),
  onCancel?: (reason: unknown) => void,
): ReadableStream<Bytes> {
  const chunks = chunksOf(bytes)
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const { value } = await chunks.next()
      if (value) controller.enqueue(value)
      else await atEnd(controller)
    },
    cancel: (reason) => onCancel?.(reason),
  })
}

/** `put`: one object from whatever there is. */
export const putCases: readonly ClientCase[] = [
  {
    name: 'put: what fits into a part is one request, whatever it comes from',
    async run({ client }) {
      const sent: string[] = []
      const to = client({ fetch: noting(sent) })
      const bytes = pattern(1000)
      const text = 'größe 日本'
      const sources: Readonly<Record<string, readonly [body: PutBody, expected: Bytes]>> = {
        bytes: [bytes, bytes],
        blob: [new Blob([bytes]), bytes],
        text: [text, new TextEncoder().encode(text)],
        stream: [streamOf(bytes), bytes],
        'async-iterable': [chunksOf(bytes), bytes],
        iterable: [[bytes.subarray(0, 1), bytes.subarray(1)], bytes],
        nothing: [streamOf(pattern(0)), pattern(0)],
        'no-bytes': [pattern(0), pattern(0)],
      }
      for (const [key, [body, expected]] of Object.entries(sources)) {
        const { etag, bytes: sizeBytes } = await put(to, key, body, { contentType: 'text/x-test' })
        checkEqual(sizeBytes, expected.byteLength, `the size of ${key}, as it is told`)
        checkEqual(sent.splice(0), ['PUT'], `what was sent of ${key}`)
        const found = await headObject(client(), key)
        checkEqual(found?.etag, etag, `the ETag of ${key}`)
        checkEqual(found?.contentType, 'text/x-test', `the content type of ${key}`)
        await checkKept(client(), key, expected)
      }
    },
  },
  {
    name: 'put: a long stream goes in parts, and little of it is held',
    async run({ client }) {
      const sent: string[] = []
      const to = client({ fetch: noting(sent) })
      const bytes = pattern(12 * MIB)
      const metadata = { a: 'größer' }
      const { peakBytes, ...written } = await put(to, 'dir/ü', streamOf(bytes), {
        ...IN_PARTS,
        metadata,
      })
      check(peakBytes <= 3 * PART_BYTES, `${peakBytes} bytes were held`)
      const parts = Array.from({ length: 3 }, () => 'PUT partNumber')
      checkEqual(sent, ['POST uploads', ...parts, 'POST uploadId'], 'what was sent')
      const found = await headObject(to, 'dir/ü')
      checkEqual(written.etag, found?.etag, 'the ETag')
      checkEqual(found?.metadata, metadata, 'the metadata')
      await checkKept(to, 'dir/ü', bytes)
    },
  },
  {
    name: 'put: as many bytes as declared, or nothing is there',
    async run({ client }) {
      const to = client()
      const bytes = pattern(LONG_BYTES)
      const least = { ...IN_PARTS, sizeBytes: LONG_BYTES }
      for (const [key, sizeBytes] of [
        ['small', 1000],
        ['large', LONG_BYTES],
      ] as const) {
        const body = bytes.subarray(0, sizeBytes)
        for (const [what, wrong] of [
          ['too short', sizeBytes + 1],
          ['too long', sizeBytes - 1],
        ] as const) {
          const putting = put(to, key, streamOf(body), { ...IN_PARTS, sizeBytes: wrong })
          await checkRejects(putting, 'invalid-options', `a ${key} stream that is ${what}`, key)
          await checkNothing(to, key)
        }
        await put(to, key, streamOf(body), { ...least, sizeBytes })
        await checkKept(to, key, body)
      }
    },
  },
  {
    name: 'put: a source that throws leaves nothing behind',
    async run({ client }) {
      const to = client()
      for (const sizeBytes of [1000, LONG_BYTES]) {
        const why = new Error('the disk is gone')
        const throwing = streamOf(pattern(sizeBytes), () => {
          throw why
        })
        const error = await checkRejects(put(to, 'key', throwing, IN_PARTS), 'aborted', 'put')
        check(error.cause === why, `the cause is ${error.cause}`)
        checkEqual(error.uploadId, undefined, 'what stays open')
        await checkNothing(to, 'key')
      }
    },
  },
  {
    name: 'put: a signal in the middle of a silent source leaves nothing behind',
    async run({ client }) {
      const leaving = new AbortController()
      const { signal } = leaving
      const to = client({
        async fetch(url, init) {
          const response = await fetch(url, init)
          if (url.includes('partNumber=')) leaving.abort(new Error('the page is closed'))
          return response
        },
      })
      let cancelled = false
      const silent = (): Promise<never> => new Promise(() => {})
      const source = streamOf(pattern(LONG_BYTES), silent, () => (cancelled = true))
      const putting = put(to, 'key', source, { ...IN_PARTS, signal })
      const error = await checkRejects(putting, 'aborted', 'put')
      checkEqual(error.uploadId, undefined, 'what stays open')
      check(cancelled, 'the source was not let go')
      await checkNothing(client(), 'key')
    },
  },
  {
    name: 'put: in parts it creates, or leaves what is there',
    needs: 'conditionalComplete',
    async run({ client }) {
      const to = client()
      const bytes = pattern(LONG_BYTES)
      await put(to, 'key', streamOf(bytes), { ...IN_PARTS, ifNoneMatch: '*' })
      await checkKept(to, 'key', bytes)
      const { etag } = await putObject(to, 'other', pattern(10))
      for (const condition of [{ ifNoneMatch: '*' }, { ifMatch: '0'.repeat(32) }] as const) {
        const again = put(to, 'other', streamOf(bytes), { ...IN_PARTS, ...condition })
        await checkRejects(again, 'precondition-failed', 'put', 'other')
        await checkNoUpload(to, 'other')
      }
      await checkKept(to, 'other', pattern(10))
      await put(to, 'other', streamOf(bytes), { ...IN_PARTS, ifMatch: etag })
      await checkKept(to, 'other', bytes)
    },
  },
  {
    name: 'put: an upload that was cut off goes on by its token, with the same source only',
    async run({ client }) {
      const bytes = pattern(LONG_BYTES)
      const leaving = new AbortController()
      let kept = ''
      const cutOff = put(client(), 'key', new Blob([bytes]), {
        ...{ partBytes: PART_BYTES, concurrency: 1, signal: leaving.signal },
        resumable: resumable({
          onCheckpoint(token) {
            kept = JSON.stringify(token)
            if (token.parts.length === 2) leaving.abort()
          },
        }),
      })
      const { uploadId } = await checkRejects(cutOff, 'aborted', 'what was cut off')
      const resume: UploadCheckpoint = JSON.parse(kept)
      checkEqual(uploadId, resume.uploadId, 'what stays open')
      checkEqual(await headObject(client(), 'key'), undefined, 'the object before')
      const again = { resumable: resumable({ resume }) }
      const other = put(client(), 'key', pattern(LONG_BYTES, 2), again)
      await checkRejects(other, 'invalid-options', 'another source', 'key')
      const shorter = put(client(), 'key', streamOf(bytes.subarray(0, 100)), again)
      await checkRejects(shorter, 'invalid-options', 'a shorter source', 'key')
      const sent: string[] = []
      await put(client({ fetch: noting(sent) }), 'key', streamOf(bytes), again)
      checkEqual(sent, ['GET uploadId', 'PUT partNumber', 'POST uploadId'], 'what was sent')
      await checkKept(client(), 'key', bytes)
      const gone = put(client(), 'key', streamOf(bytes), again)
      await checkRejects(gone, 'not-found', 'the same token again', 'key')
    },
  },
]
