import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import type { PutBody } from '../../src/core/put-body.ts'
import { toReadableStream } from '../../src/core/streams.ts'
import { crc32c } from '../../src/s3/checksums.ts'
import { resumeUpload } from '../../src/s3/multipart.ts'
import { put } from '../../src/s3/put.ts'
import { resumable, type UploadCheckpoint } from '../../src/s3/resumable.ts'
import { bytes, content, KINDS, openUploads, PART, type Place, pieces, place } from './place.ts'
import { failure } from './scripted-fetch.ts'

describe('resumption', () => {
  const body = bytes(6 * PART + 5)
  const options = { partBytes: PART, concurrency: 1 }
  const lost = (): never => {
    throw new TypeError('fetch failed')
  }

  /** An upload that is cut off at its fourth part, and the token it left. */
  async function cutOff(
    bodyOf: (content: Bytes) => PutBody,
    more = {},
  ): Promise<{ at: Place; token: UploadCheckpoint; broken: { now: boolean } }> {
    const broken = { now: true }
    const at = place({}, (name) => (broken.now && name === 'PUT 4' ? lost() : undefined))
    const tokens: string[] = []
    const error = await failure(
      put(at.client, 'key', bodyOf(body), {
        ...options,
        ...more,
        resumable: resumable({ onCheckpoint: (token) => void tokens.push(JSON.stringify(token)) }),
      }),
    )
    expect(error).toMatchObject({ code: 'network', uploadId: (await openUploads(at))[0] })
    expect(error.message).toContain('can be resumed')
    expect(tokens).toHaveLength(4)
    broken.now = false
    at.sent.length = 0
    return { at, token: JSON.parse(tokens.at(-1) as string), broken }
  }

  test.each(Object.entries(KINDS))('of %s sends only what is missing', async (_, bodyOf) => {
    const { at, token } = await cutOff(bodyOf)
    expect(token).toMatchObject({ key: 'key', partBytes: PART })
    expect(token.parts.map(({ partNumber }) => partNumber)).toEqual([1, 2, 3])
    const resume = { resumable: resumable({ resume: token }), concurrency: 1 }
    const written = await put(at.client, 'key', bodyOf(body), resume)
    expect(at.sent).toEqual(['GET', 'PUT 4', 'PUT 5', 'PUT 6', 'PUT 7', 'POST'])
    expect(await content(at)).toEqual(body)
    expect(await at.kept.head('key')).toMatchObject({ etag: written.etag })
    expect(await openUploads(at)).toEqual([])
  })

  test('may be cut off again, and its tokens hold all that has arrived', async () => {
    const { at, token } = await cutOff(KINDS['a stream'] as never)
    const controller = new AbortController()
    let last: UploadCheckpoint | undefined
    const again = put(at.client, 'key', toReadableStream(pieces(body)), {
      concurrency: 1,
      signal: controller.signal,
      resumable: resumable({
        resume: token,
        onCheckpoint(next) {
          last = next
          if (next.parts.length === 5) controller.abort()
        },
      }),
    })
    expect(await failure(again)).toMatchObject({ code: 'aborted', uploadId: token.uploadId })
    at.sent.length = 0
    await put(at.client, 'key', body, { resumable: resumable({ resume: last }), concurrency: 1 })
    expect(at.sent).toEqual(['GET', 'PUT 6', 'PUT 7', 'POST'])
    expect(await content(at)).toEqual(body)
  })

  test.each(Object.entries(KINDS))('refuses %s with other content', async (_, bodyOf) => {
    const { at, token } = await cutOff(bodyOf)
    const others = {
      'another byte': Uint8Array.from(body, (byte, i) => (i === PART ? byte ^ 1 : byte)),
      'an end before what was sent': body.subarray(0, 2 * PART),
      'an end within what was sent': body.subarray(0, 2 * PART + 1),
      nothing: new Uint8Array(),
    }
    for (const [name, other] of Object.entries(others)) {
      const error = await failure(
        put(at.client, 'key', bodyOf(other), { resumable: resumable({ resume: token }) }),
      )
      expect(error, name).toMatchObject({ code: 'invalid-options', uploadId: token.uploadId })
      expect(await content(at)).toBeUndefined()
    }
    // The right one may still come.
    await put(at.client, 'key', bodyOf(body), { resumable: resumable({ resume: token }) })
    expect(await content(at)).toEqual(body)
  })

  test('refuses a part that somebody else has replaced, and an ETag or size that is not there', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const [first, ...rest] = token.parts
    const forged = [
      { ...first, etag: 'x' },
      { ...first, sizeBytes: 3 },
      { ...first, partNumber: 9 },
    ]
    for (const part of forged) {
      const resume = { ...token, parts: [part, ...rest] } as UploadCheckpoint
      expect(
        await failure(put(at.client, 'key', body, { resumable: resumable({ resume }) })),
      ).toMatchObject({
        code: 'conflict',
        retryable: false,
        uploadId: token.uploadId,
      })
    }
    await resumeUpload(at.client, token).putPart(2, bytes(PART, 9))
    expect(
      await failure(put(at.client, 'key', body, { resumable: resumable({ resume: token }) })),
    ).toMatchObject({
      code: 'conflict',
    })
  })

  test('of an upload that is gone is not-found', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    await resumeUpload(at.client, token).abort()
    const error = await failure(
      put(at.client, 'key', body, { resumable: resumable({ resume: token }) }),
    )
    expect(error).toMatchObject({ code: 'not-found' })
  })

  test.each([
    ['of another key', { key: 'other' }, 'invalid-options'],
    ['of another size', { sizeBytes: 3 }, 'invalid-options'],
    ['without an upload', { uploadId: undefined }, 'invalid-options'],
    ['without parts', { parts: undefined }, 'invalid-options'],
    ['with a size of parts that is none', { partBytes: 'x' }, 'invalid-options'],
  ])('by a token %s is refused before anything is sent', async (_, wrong, code) => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const resume = { ...token, ...wrong } as UploadCheckpoint
    expect(
      await failure(put(at.client, 'key', body, { resumable: resumable({ resume }) })),
    ).toMatchObject({ code })
    expect(at.sent).toEqual([])
  })

  test('goes by sizes where the token has no checksums', async () => {
    const { at, token } = await cutOff(KINDS.bytes as never)
    const parts = token.parts.map(({ sha256: _, ...part }) => part)
    await put(at.client, 'key', body, { resumable: resumable({ resume: { ...token, parts } }) })
    expect(await content(at)).toEqual(body)
  })

  test('what can never end well is aborted', async () => {
    const at = place()
    await at.kept.put('key', bytes(1))
    const tokens: unknown[] = []
    const writing = put(at.client, 'key', body, {
      ...options,
      ifNoneMatch: '*',
      resumable: resumable({ onCheckpoint: (token) => void tokens.push(token) }),
    })
    expect(await failure(writing)).toMatchObject({ code: 'precondition-failed' })
    expect(tokens).toHaveLength(8)
    expect(await openUploads(at)).toEqual([])
  })

  test('a checkpoint that cannot be kept is a failure, and older ones never come after newer ones', async () => {
    const full = new Error('the storage is full')
    const at = place()
    const writing = put(at.client, 'key', body, {
      ...options,
      resumable: resumable({ onCheckpoint: () => Promise.reject(full) }),
    })
    const error = await failure(writing)
    expect(error.uploadId).toBe((await openUploads(at))[0])
    const counts: number[] = []
    const slow = place()
    await put(slow.client, 'key', body, {
      partBytes: PART,
      resumable: resumable({
        async onCheckpoint({ parts }) {
          await turn()
          counts.push(parts.length)
        },
      }),
    })
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts.at(-1)).toBe(7)
  })

  test('keeps the checksum that the upload was created with', async () => {
    const sums: boolean[] = []
    const at = place({ checksum: crc32c() }, (name, init) => {
      if (!name.startsWith('PUT')) return undefined
      sums.push(new Headers(init.headers).has('x-amz-checksum-crc32c'))
      return name === 'PUT 3' && sums.length === 3 ? lost() : undefined
    })
    let last = ''
    const onCheckpoint = (token: UploadCheckpoint): void => {
      last = JSON.stringify(token)
    }
    await failure(
      put(at.client, 'key', body, { ...options, resumable: resumable({ onCheckpoint }) }),
    )
    await put(at.client, 'key', body, {
      concurrency: 1,
      resumable: resumable({ resume: JSON.parse(last) }),
    })
    expect(sums).toEqual(Array(8).fill(true))
    expect(await content(at)).toEqual(body)
  })
})
