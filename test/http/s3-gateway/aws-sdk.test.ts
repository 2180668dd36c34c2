import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListPartsCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  paginateListParts,
  S3Client,
  type S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestServer } from '../../servers.ts'

/**
 * The AWS SDK with its settings as they come: it sends a CRC32 with every upload, behind an `aws-chunked` body where it
 * streams.
 */
const MIB = 1024 ** 2
let server: TestServer
let client: S3Client
let Bucket: string

beforeAll(async () => {
  server = await startGateway()
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  Bucket = server.bucket
})

afterAll(async () => {
  client?.destroy()
  await server?.stop()
})

async function textOf(Key: string, more: object = {}): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return Body?.transformToString()
}

async function failure(sending: Promise<unknown>): Promise<S3ServiceException> {
  return sending.then(
    () => expect.unreachable('it was answered with a success'),
    (error: S3ServiceException) => error,
  )
}

describe('objects', () => {
  test('are put, looked at, read and deleted, with their headers', async () => {
    const Key = 'folder/a b+c ü&%😀.txt'
    const put = await client.send(
      new PutObjectCommand({
        ...{ Bucket, Key, Body: 'hello', ContentType: 'text/plain', CacheControl: 'no-cache' },
        ...{ ContentDisposition: 'inline', Metadata: { 'some-thing': 'a value' } },
      }),
    )
    expect(put.ChecksumCRC32).toBe('NhCmhg==')
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
    expect(head).toMatchObject({
      ...{ ETag: put.ETag, ContentLength: 5, ContentType: 'text/plain', CacheControl: 'no-cache' },
      ...{ ContentDisposition: 'inline', Metadata: { 'some-thing': 'a value' } },
    })
    expect(head.ContentEncoding).toBeUndefined()
    expect(await textOf(Key)).toBe('hello')
    expect(await textOf(Key, { Range: 'bytes=1-3' })).toBe('ell')
    const renamed = await client.send(
      new GetObjectCommand({ Bucket, Key, ResponseContentType: 'application/x-other' }),
    )
    expect(renamed.ContentType).toBe('application/x-other')
    await renamed.Body?.transformToString()
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
    const gone = await failure(client.send(new GetObjectCommand({ Bucket, Key })))
    expect(gone).toBeInstanceOf(NoSuchKey)
    expect(gone.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/)
    expect(gone.$metadata.extendedRequestId).toBeTruthy()
    const absent = await failure(client.send(new HeadObjectCommand({ Bucket, Key })))
    expect(absent.$metadata.httpStatusCode).toBe(404)
  })

  test.each([0, 1, 300_000, 9 * MIB])(
    'a stream of %i bytes arrives without its chunks',
    async (size) => {
      const bytes = randomBytes(size)
      const Key = `stream-${size}`
      const Body = Readable.from(
        size === 0 ? [] : [bytes.subarray(0, size / 3), bytes.subarray(size / 3)],
      )
      const input = { Bucket, Key, Body, ContentLength: size, ContentEncoding: 'gzip' }
      await client.send(new PutObjectCommand(input))
      const found = await client.send(new GetObjectCommand({ Bucket, Key }))
      expect(found.ContentEncoding).toBe('gzip')
      expect(Buffer.from((await found.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true)
    },
  )

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s is checked',
    async (ChecksumAlgorithm) => {
      const Key = `checksum-${ChecksumAlgorithm}`
      const put = await client.send(
        new PutObjectCommand({ Bucket, Key, Body: 'hello', ChecksumAlgorithm }),
      )
      expect(put[`Checksum${ChecksumAlgorithm}`]).toBeTruthy()
      const Body = Readable.from([Buffer.from('hello')])
      const input = { Bucket, Key, Body, ContentLength: 5, ChecksumAlgorithm }
      await client.send(new PutObjectCommand(input))
      const wrong = { [`Checksum${ChecksumAlgorithm}`]: put[`Checksum${ChecksumAlgorithm}`] }
      const sending = client.send(new PutObjectCommand({ Bucket, Key, Body: 'other', ...wrong }))
      expect((await failure(sending)).name).toBe('BadDigest')
      expect(await textOf(Key)).toBe('hello')
    },
  )

  test('keep conditions', async () => {
    const Key = 'conditional'
    const put = (Body: string, more: object = {}): Promise<{ ETag?: string | undefined }> =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
    const { ETag } = await put('first', { IfNoneMatch: '*' })
    expect((await failure(put('second', { IfNoneMatch: '*' }))).name).toBe('PreconditionFailed')
    expect((await failure(put('second', { IfMatch: '"other"' }))).name).toBe('PreconditionFailed')
    await put('second', { IfMatch: ETag })
    expect(await textOf(Key)).toBe('second')
    const stale = await failure(textOf(Key, { IfMatch: ETag }))
    expect(stale.name).toBe('PreconditionFailed')
    const { ETag: now } = await client.send(new HeadObjectCommand({ Bucket, Key }))
    const same = await failure(textOf(Key, { IfNoneMatch: now }))
    expect(same.$metadata.httpStatusCode).toBe(304)
  })

  test('are copied, and deleted many at once', async () => {
    await client.send(
      new PutObjectCommand({ Bucket, Key: 'copy/from ü', Body: 'x', Metadata: { a: '1' } }),
    )
    const CopySource = `${Bucket}/${encodeURIComponent('copy/from ü')}`
    const { CopyObjectResult } = await client.send(
      new CopyObjectCommand({ Bucket, Key: 'copy/to', CopySource }),
    )
    expect(CopyObjectResult?.ETag).toBeTruthy()
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: 'copy/to' }))
    expect(Metadata).toEqual({ a: '1' })
    const Objects = ['copy/from ü', 'copy/to', 'copy/absent'].map((Key) => ({ Key }))
    const { Deleted, Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    )
    expect(Deleted?.map(({ Key }) => Key)).toEqual(Objects.map(({ Key }) => Key))
    expect(Errors ?? []).toEqual([])
  })
})

describe('buckets', () => {
  test('are listed, found and placed', async () => {
    const { Buckets } = await client.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket])
    await client.send(new HeadBucketCommand({ Bucket }))
    const none = await failure(client.send(new HeadBucketCommand({ Bucket: 'none' })))
    expect(none.$metadata.httpStatusCode).toBe(404)
    const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket }))
    expect(LocationConstraint).toBeFalsy()
  })

  test('are listed by pages, both ways', async () => {
    const names = ['l/a', 'l/b/1', 'l/b/2', 'l/c d+&', 'l/e/1', 'l/f']
    for (const Key of names) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
    const keys: unknown[] = []
    const input = { Bucket, Prefix: 'l/', MaxKeys: 2 }
    for await (const page of paginateListObjectsV2({ client }, input)) {
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key))
    }
    expect(keys).toEqual(names)
    const folded: unknown[] = []
    let Marker: string | undefined
    do {
      const page = await client.send(new ListObjectsCommand({ ...input, Delimiter: '/', Marker }))
      folded.push(...(page.Contents ?? []).map(({ Key }) => Key))
      folded.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix))
      Marker = page.IsTruncated ? page.NextMarker : undefined
    } while (Marker)
    expect(folded).toEqual(['l/a', 'l/b/', 'l/c d+&', 'l/e/', 'l/f'])
  })
})

describe('uploads in parts', () => {
  test('lib-storage sends a stream of unknown length', async () => {
    const bytes = randomBytes(12 * MIB + 1)
    const Body = Readable.from([bytes.subarray(0, 7 * MIB), bytes.subarray(7 * MIB)])
    const params = { Bucket, Key: 'uploaded', Body, ContentType: 'application/x-noise' }
    await new Upload({ client, params, partSize: 5 * MIB }).done()
    const found = await client.send(new GetObjectCommand({ Bucket, Key: 'uploaded' }))
    expect(found.ContentType).toBe('application/x-noise')
    expect(Buffer.from((await found.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true)
  })

  test('parts are sent, copied, told by pages and completed', async () => {
    const Key = 'parts'
    const bytes = randomBytes(5 * MIB)
    await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: bytes }))
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    const copied = await client.send(
      new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource: `${Bucket}/source` }),
    )
    const sent = await client.send(
      new UploadPartCommand({ ...upload, PartNumber: 2, Body: 'tail' }),
    )
    const told: unknown[] = []
    for await (const { Parts } of paginateListParts({ client }, { ...upload, MaxParts: 1 })) {
      told.push(...(Parts ?? []).map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag]))
    }
    expect(told).toEqual([
      [1, 5 * MIB, copied.CopyPartResult?.ETag],
      [2, 4, sent.ETag],
    ])
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }))
    expect(Uploads?.map((open) => [open.Key, open.UploadId])).toEqual([[Key, UploadId]])
    const Parts = [
      { PartNumber: 1, ETag: copied.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 },
    ]
    const complete = (parts: typeof Parts): Promise<unknown> =>
      client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }),
      )
    const wrong = Parts.map((part) => ({
      ...part,
      ...(part.ChecksumCRC32 && { ChecksumCRC32: 'AAAAAA==' }),
    }))
    expect((await failure(complete(wrong))).name).toBe('InvalidPart')
    await complete(Parts)
    const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }))
    expect(ContentLength).toBe(5 * MIB + 4)
  })

  test('an aborted one is gone', async () => {
    const Key = 'aborted'
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    await client.send(new AbortMultipartUploadCommand(upload))
    const part = client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }))
    expect((await failure(part)).name).toBe('NoSuchUpload')
    expect((await failure(client.send(new ListPartsCommand(upload)))).name).toBe('NoSuchUpload')
  })
})

describe('presigned', () => {
  test('a URL for each verb, without credentials', async () => {
    const object = { Bucket, Key: 'presigned/ü 1' }
    const Metadata = { a: 'from the URL' }
    // Signed without a body, it holds the CRC32 of none.
    const put = await getSignedUrl(client, new PutObjectCommand({ ...object, Metadata }))
    expect((await fetch(put, { method: 'PUT', body: 'by URL' })).status).toBe(200)
    const get = await getSignedUrl(
      client,
      new GetObjectCommand({ ...object, ResponseContentDisposition: 'attachment; filename="x"' }),
    )
    const found = await fetch(get)
    expect([found.status, await found.text()]).toEqual([200, 'by URL'])
    expect(found.headers.get('content-disposition')).toBe('attachment; filename="x"')
    expect(found.headers.get('x-amz-meta-a')).toBe('from the URL')
    const head = await fetch(await getSignedUrl(client, new HeadObjectCommand(object)), {
      method: 'HEAD',
    })
    expect(head.headers.get('content-length')).toBe('6')
    const gone = await fetch(await getSignedUrl(client, new DeleteObjectCommand(object)), {
      method: 'DELETE',
    })
    expect(gone.status).toBe(204)
  })

  test('parts of an upload', async () => {
    const Key = 'presigned/parts'
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    const url = await getSignedUrl(client, new UploadPartCommand({ ...upload, PartNumber: 1 }))
    const ETag = (await fetch(url, { method: 'PUT', body: 'part' })).headers.get('etag') ?? ''
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
    expect(await textOf(Key)).toBe('part')
  })

  test('a form', async () => {
    const { url, fields } = await createPresignedPost(client, {
      ...{ Bucket, Key: 'forms/$' + '{filename}', Expires: 60 },
      Conditions: [
        ['content-length-range', 1, 100],
        ['starts-with', '$Content-Type', 'text/'],
      ],
      Fields: { 'x-amz-meta-a': '1', success_action_status: '201' },
    })
    const post = (text: string): Promise<Response> => {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      form.append('Content-Type', 'text/csv')
      form.append('file', new Blob([text]), 'some.csv')
      return fetch(url, { method: 'POST', body: form })
    }
    const posted = await post('a,b\r\n1,2\r\n')
    expect(posted.status).toBe(201)
    expect(await posted.text()).toContain('<Key>forms/some.csv</Key>')
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'forms/some.csv' }))
    expect(head).toMatchObject({ ContentType: 'text/csv', ContentLength: 10, Metadata: { a: '1' } })
    expect((await post('x'.repeat(101))).status).toBe(400)
    expect(await textOf('forms/some.csv')).toBe('a,b\r\n1,2\r\n')
  })
})
