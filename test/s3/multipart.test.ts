import { describe, expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { listUploads } from '../../src/s3/list-uploads.ts'
import { createUpload, resumeUpload } from '../../src/s3/multipart.ts'
import {
  answer,
  cut,
  failure,
  found,
  type Script,
  type Step,
  script,
  xmlError,
} from './scripted-fetch.ts'

const CREATED = answer(
  200,
  '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
)
const COMPLETED = answer(
  200,
  '<?xml version="1.0"?>\n\n<CompleteMultipartUploadResult><ETag>&quot;tag-1&quot;</ETag></CompleteMultipartUploadResult>',
)
const GONE = answer(404, xmlError('NoSuchUpload'))
const PARTS = [{ partNumber: 1, etag: 'p"1', sizeBytes: 5 }]

/** Creates an upload and completes it at once. */
async function complete(plan: Script, options = {}): Promise<unknown> {
  const upload = await createUpload(s3Client(plan.options), 'key')
  return upload.complete(PARTS, options)
}

function methods(plan: Script): string[] {
  return plan.sent.slice(1).map((request) => request.method)
}

/** A HEAD's answer that carries the mark with which the upload was created. */
function foundOurs(plan: () => Script): Step {
  return (sent, init) => {
    const mark = plan().sent[0]?.headers.get('x-amz-meta-sluice-write') ?? 'none'
    return found({ 'x-amz-meta-sluice-write': mark, etag: '"ours-1"' })(sent, init)
  }
}

describe('complete', () => {
  test.each([
    ['200 with an <Error>', answer(200, xmlError('InternalError'))],
    ['200 with SlowDown', answer(200, xmlError('SlowDown'))],
    [
      '200 with an <Error> and the bucket’s region',
      answer(200, xmlError('InternalError'), { 'x-amz-bucket-region': 'us-east-1' }),
    ],
    ['an empty 200', answer(200)],
    ['a 200 that is cut short', answer(200, '<CompleteMultipartUploadResult><ETag>"tag-1"</ETag>')],
    ['a lost answer', cut],
    ['409', answer(409, xmlError('ConditionalRequestConflict'))],
  ])('%s is tried again', async (_, step) => {
    const plan = script([CREATED, step, step, COMPLETED])
    expect(await complete(plan)).toEqual({ etag: 'tag-1' })
    expect(methods(plan)).toEqual(['POST', 'POST', 'POST'])
  })

  test.each([
    ['200 with an <Error>', answer(200, xmlError('InternalError')), 'unavailable'],
    ['an empty 200', answer(200), 'protocol'],
  ])('%s is never a success', async (_, step, code) => {
    const plan = script([CREATED, step, step, step, step])
    expect(await failure(complete(plan))).toMatchObject({ code, attempts: 4, uploadId: 'id' })
  })

  test.each([
    ['200 with AccessDenied', answer(200, xmlError('AccessDenied')), 'permission-denied'],
    ['another document', answer(200, '<html></html>'), 'protocol'],
    ['no ETag', answer(200, '<CompleteMultipartUploadResult/>'), 'protocol'],
    [
      'an empty ETag',
      answer(200, '<CompleteMultipartUploadResult><ETag>""</ETag></CompleteMultipartUploadResult>'),
      'protocol',
    ],
    ['InvalidPart', answer(400, xmlError('InvalidPart')), 'invalid-options'],
  ])('%s is an error at once', async (_, step, code) => {
    const plan = script([CREATED, step])
    expect(await failure(complete(plan))).toMatchObject({ code, retryable: false })
    expect(methods(plan)).toEqual(['POST'])
  })

  test('NoSuchUpload after a lost answer is a success when the object is the upload’s', async () => {
    for (const lost of [cut, answer(500), answer(200), answer(200, xmlError('InternalError'))]) {
      const plan: Script = script([
        CREATED,
        lost,
        GONE,
        (...args) => foundOurs(() => plan)(...args),
      ])
      expect(await complete(plan)).toEqual({ etag: 'ours-1' })
      expect(methods(plan)).toEqual(['POST', 'POST', 'HEAD'])
    }
  })

  test('a failed condition after a lost answer is a success when the object is the upload’s', async () => {
    const exists = answer(412, xmlError('PreconditionFailed'))
    const plan: Script = script([CREATED, cut, exists, (...args) => foundOurs(() => plan)(...args)])
    expect(await complete(plan, { ifNoneMatch: '*' })).toEqual({ etag: 'ours-1' })
    const theirs = script([CREATED, cut, exists, found({ 'x-amz-meta-sluice-write': 'theirs' })])
    const failed = await failure(complete(theirs, { ifNoneMatch: '*' }))
    expect(failed).toMatchObject({ code: 'precondition-failed' })
  })

  test('NoSuchUpload after a lost answer stays an error when the object is another’s', async () => {
    for (const head of [found({ etag: '"other-1"' }), answer(404)]) {
      const plan = script([CREATED, cut, GONE, head])
      expect(await failure(complete(plan))).toMatchObject({
        code: 'not-found',
        serverCode: 'NoSuchUpload',
        uploadId: 'id',
      })
    }
  })

  test('NoSuchUpload at once may be the end of a request that the runtime made twice', async () => {
    const plan: Script = script([CREATED, GONE, (...args) => foundOurs(() => plan)(...args)])
    expect(await complete(plan)).toEqual({ etag: 'ours-1' })
    const others = script([CREATED, GONE, found()])
    expect(await failure(complete(others))).toMatchObject({ code: 'not-found', attempts: 1 })
    expect(methods(others)).toEqual(['POST', 'HEAD'])
  })

  test('names the parts, escaped, under a signed hash of the document', async () => {
    const plan = script([CREATED, COMPLETED])
    await complete(plan, { ifMatch: 'old' })
    const { body, headers } = plan.sent[1] as NonNullable<(typeof plan.sent)[1]>
    expect(body).toContain(
      '<Part><PartNumber>1</PartNumber><ETag>&quot;p&quot;1&quot;</ETag></Part>',
    )
    expect(headers.get('x-amz-content-sha256')).toMatch(/^[0-9a-f]{64}$/)
    expect(headers.get('if-match')).toBe('"old"')
  })
})

describe('an upload of another process', () => {
  async function resumed(steps: readonly Step[], options = {}): Promise<unknown> {
    const upload = resumeUpload(s3Client(script(steps).options), { key: 'key', uploadId: 'id' })
    return upload.complete(PARTS, options)
  }

  test('is known after a lost answer by its size and number of parts', async () => {
    expect(await resumed([cut, GONE, found({ etag: '"abc-1"' })])).toEqual({ etag: 'abc-1' })
  })

  test.each([
    ['another size', found({ etag: '"abc-1"', 'content-length': '6' })],
    ['another number of parts', found({ etag: '"abc-2"' })],
    ['an object of one piece', found({ etag: '"abc"' })],
    ['no object', answer(404)],
  ])('is not taken for complete with %s', async (_, head) => {
    expect(await failure(resumed([cut, GONE, head]))).toMatchObject({ code: 'not-found' })
  })

  test('has no proof against another writer', async () => {
    const steps = [cut, answer(412, xmlError('PreconditionFailed')), found({ etag: '"abc-1"' })]
    const error = await failure(resumed(steps, { ifNoneMatch: '*' }))
    expect(error).toMatchObject({ code: 'precondition-failed' })
  })
})

describe('parts', () => {
  test('one without an ETag is an error', async () => {
    const plan = script([CREATED, answer(200)])
    const upload = await createUpload(s3Client(plan.options), 'key')
    const error = await failure(upload.putPart(1, new Uint8Array(5)))
    expect(error).toMatchObject({ code: 'protocol', uploadId: 'id', retryable: false })
  })

  test('abort of an upload that is gone is done; of an absent bucket it fails', async () => {
    const client = s3Client(script([GONE, answer(404, xmlError('NoSuchBucket'))]).options)
    const upload = resumeUpload(client, { key: 'key', uploadId: 'id' })
    await upload.abort()
    expect(await failure(upload.abort())).toMatchObject({ code: 'not-found' })
  })

  test('an upload without an id is an error', async () => {
    const { options } = script([answer(200, '<InitiateMultipartUploadResult/>')])
    expect(await failure(createUpload(s3Client(options), 'key'))).toMatchObject({
      code: 'protocol',
    })
  })
})

test.each([{ key: 'key' }, { key: 'key', uploadId: '' }])(
  'a token without an upload is refused, since it would mean the object: %o',
  (token) => {
    const plan = script([])
    expect(() => resumeUpload(s3Client(plan.options), token as never)).toThrow('names no upload')
    expect(plan.sent).toEqual([])
  },
)

test('open uploads are listed to the last page', async () => {
  const page = (name: string, id: string, more: boolean): Step =>
    answer(
      200,
      `<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>
      <NextKeyMarker>${name}</NextKeyMarker><NextUploadIdMarker>${id}</NextUploadIdMarker>
      <Upload><Key>${name}</Key><UploadId>${id}</UploadId><Initiated>2026-11-21T10:00:00Z</Initiated></Upload>
      </ListMultipartUploadsResult>`,
    )
  const plan = script([page('a+%2B', '1', true), page('a+%2B', '2', false)])
  const uploads = []
  for await (const upload of listUploads(s3Client(plan.options), 'a')) uploads.push(upload)
  expect(uploads.map(({ key, uploadId }) => [key, uploadId])).toEqual([
    ['a +', '1'],
    ['a +', '2'],
  ])
  expect(plan.sent[1]?.url.searchParams.get('key-marker')).toBe('a +')
  expect(plan.sent[1]?.url.searchParams.get('upload-id-marker')).toBe('1')
})

describe('listParts', () => {
  const page = (parts: readonly number[], next?: number): Step =>
    answer(
      200,
      `<ListPartsResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? '' : `<NextPartNumberMarker>${next}</NextPartNumberMarker>`}${parts
        .map(
          (n) =>
            `<Part><PartNumber>${n}</PartNumber><ETag>&quot;tag-${n}&quot;</ETag><Size>${n}</Size></Part>`,
        )
        .join('')}</ListPartsResult>`,
    )
  const upload = (plan: Script): ReturnType<typeof resumeUpload> =>
    resumeUpload(s3Client(plan.options), { key: 'key', uploadId: 'id' })
  const part = (n: number): object => ({ partNumber: n, etag: `tag-${n}`, sizeBytes: n })

  test('goes on from page to page', async () => {
    const plan = script([page([1, 3], 3), page([4])])
    const parts = await Array.fromAsync(upload(plan).listParts?.() ?? [])
    expect(parts).toEqual([part(1), part(3), part(4)])
    expect(plan.sent.map(({ url }) => url.searchParams.get('part-number-marker'))).toEqual([
      null,
      '3',
    ])
  })

  test.each([undefined, 3])('a page that leads nowhere (%s) is an error', async (next) => {
    const nowhere = answer(
      200,
      `<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>${next ?? ''}</NextPartNumberMarker></ListPartsResult>`,
    )
    const plan = script([page([1, 3], 3), nowhere])
    const listing = Array.fromAsync(upload(plan).listParts?.() ?? [])
    expect(await failure(listing)).toMatchObject({ code: 'protocol', uploadId: 'id' })
  })

  describe('where a page of another origin may not see the ETag of a part', () => {
    const hidden = answer(200)
    const body = new Uint8Array(3)

    test('it is found by listing that part', async () => {
      const plan = script([hidden, page([3], 3)])
      expect(await upload(plan).putPart(3, body)).toEqual(part(3))
      const asked = plan.sent[1]?.url.searchParams
      expect(asked?.get('part-number-marker')).toBe('2')
      expect(asked?.get('max-parts')).toBe('1')
    })

    test('where nothing is listed behind a part that is not there, from the first one', async () => {
      const plan = script([hidden, page([]), page([1, 3, 4])])
      expect(await upload(plan).putPart(3, body)).toEqual(part(3))
      expect(plan.sent[2]?.url.searchParams.has('part-number-marker')).toBe(false)
    })

    test.each([
      ['that is not there', page([])],
      ['of another number', page([4])],
      ['whose listing is forbidden', answer(403, xmlError('AccessDenied'))],
    ])('a part %s is an error that says what to do', async (_, step) => {
      const plan = script([hidden, step])
      const error = await failure(upload(plan).putPart(3, body))
      expect(error).toMatchObject({ code: 'protocol', uploadId: 'id' })
      expect(error.message).toContain('ExposeHeaders: ETag')
    })

    test('a part of another size is not the one that was sent', async () => {
      const plan = script([hidden, page([3])])
      expect(await failure(upload(plan).putPart(3, new Uint8Array(4)))).toMatchObject({
        code: 'protocol',
      })
    })

    test('an upload that is gone is told as such', async () => {
      const plan = script([hidden, GONE])
      expect(await failure(upload(plan).putPart(3, body))).toMatchObject({ code: 'not-found' })
    })
  })
})
