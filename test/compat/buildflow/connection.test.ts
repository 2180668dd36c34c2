import { describe, expect, test } from 'vitest'
import { S3Bucket, type S3BucketConnection } from '../../../src/compat/buildflow/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch } from '../../stores/over-gateway.ts'

const KEY = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }
const SINK = { bucketName: 'bucket', filePath: 'out', fileFormat: 'JSON' } as const

/** What a push sends, where. */
async function sentBy(connection: S3BucketConnection): Promise<readonly Request[]> {
  const sent: Request[] = []
  const gateway = gatewayFetch(memoryStore())
  const bucket = new S3Bucket({
    ...SINK,
    ...connection,
    fetch(url, init) {
      sent.push(new Request(url, init))
      return gateway(url, init)
    },
    retry: { attempts: 1 },
  })
  const sink = await bucket.sink()
  await sink.push([{ id: 1 }])
  // The gateway may know another key, or another region.
  await sink.close().catch(() => sink.abort())
  return sent
}

describe('a connection', () => {
  test('of temporary credentials sends all three parts', async () => {
    const credentials = { ...KEY, sessionToken: 'TOKEN' }
    const [put] = await sentBy({ credentials, endpoint: 'https://s3.test' })
    expect(put?.headers.get('authorization')).toContain('Credential=AKID/')
    expect(put?.headers.get('x-amz-security-token')).toBe('TOKEN')
  })

  test('goes to its region, and to its endpoint', async () => {
    const [at] = await sentBy({ credentials: KEY, awsRegion: 'eu-west-3' })
    expect(at?.url).toMatch(/^https:\/\/bucket\.s3\.eu-west-3\.amazonaws\.com\/out-/)
    expect(at?.headers.get('authorization')).toContain('/eu-west-3/s3/')
    const [there] = await sentBy({ credentials: KEY, awsRegion: 'x', endpoint: 'https://s3.test' })
    expect(there?.url).toMatch(/^https:\/\/s3\.test\/bucket\/out-/)
    expect(there?.headers.get('authorization')).toContain('/x/s3/')
  })

  test('takes what a store of S3 takes', async () => {
    const [put] = await sentBy({
      credentials: KEY,
      endpoint: 'https://s3.test',
      storage: { storageClass: 'STANDARD_IA' },
      capabilities: { conditionalPut: false },
    })
    expect(put?.headers.get('x-amz-storage-class')).toBe('STANDARD_IA')
    expect(put?.headers.get('if-none-match')).toBeNull()
  })

  test('asks a source of credentials when it sends, and not before', async () => {
    let asked = 0
    const credentials = () => {
      asked++
      return KEY
    }
    const bucket = new S3Bucket({ ...SINK, credentials, endpoint: 'https://s3.test' })
    await (await bucket.sink()).abort()
    expect(asked).toBe(0)
    await sentBy({ credentials, endpoint: 'https://s3.test' })
    expect(asked).toBeGreaterThan(0)
  })
})

describe('refused', () => {
  test.each([
    ['no credentials', { bucketName: 'bucket' }, 'unauthenticated', 'sluice/node/buildflow'],
    ['no name', { credentials: KEY }, 'invalid-options', 'bucketName'],
    ['nothing at all', undefined, 'invalid-options', 'bucketName'],
    ['null', null, 'invalid-options', 'bucketName'],
    [
      'half a key',
      { bucketName: 'bucket', credentials: { accessKeyId: 'A' } },
      'unauthenticated',
      'secretAccessKey',
    ],
  ])('%s', (_, options, code, message) => {
    const make = () => new S3Bucket(options as never)
    expect(make).toThrow(expect.objectContaining({ code }))
    expect(make).toThrow(message)
  })

  test.each([
    ['a bucket that is only managed', {}, 'invalid-options', 'has no filePath'],
    ['one without a format', { filePath: 'a' }, 'invalid-options', 'has no fileFormat'],
    [
      'a format that nobody knows',
      { filePath: 'a', fileFormat: 'AVRO' },
      'invalid-options',
      'AVRO',
    ],
    ['a path that would leave the bucket', { ...SINK, filePath: '/a' }, 'invalid-options', 'slash'],
    ['a folder', { ...SINK, filePath: 'a/' }, 'invalid-options', 'a folder'],
    ['no path', { ...SINK, filePath: '' }, 'invalid-options', 'names a folder'],
    ['a brace', { ...SINK, filePath: 'a{b}' }, 'invalid-options', 'brace'],
    ['a parent', { ...SINK, filePath: '../a' }, 'invalid-key', '..'],
    ['a number', { ...SINK, filePath: 5 }, 'invalid-options', 'no text'],
    ['an id of no kind', { ...SINK, fileIds: 'ulid' }, 'invalid-options', 'fileIds'],
    ['no records in a file', { ...SINK, rotate: { records: 0 } }, 'invalid-options', 'records'],
  ])('%s, as a sink', async (_, options, code, message) => {
    const bucket = new S3Bucket({ bucketName: 'b', store: memoryStore(), ...(options as object) })
    const opening = bucket.sink()
    await expect(opening).rejects.toMatchObject({ code })
    await expect(opening).rejects.toThrow(message)
  })
})
