import { expect, test } from 'vitest'
import { S3Client } from '../../../src/compat/luigi/index.ts'
import { parseS3Path } from '../../../src/compat/luigi/s3-path.ts'
import { memoryStore } from '../../../src/stores/memory.ts'

test.each([
  ['s3://bucket/key', 'bucket', 'key'],
  ['s3n://bucket/a/b', 'bucket', 'a/b'],
  ['s3a://bucket/a/', 'bucket', 'a/'],
  ['s3://bucket', 'bucket', ''],
  ['s3://bucket/', 'bucket', ''],
  ['s3://bucket//key', 'bucket', '/key'],
  ['s3://bucket/key?x=1', 'bucket', 'key?x=1'],
  // Luigi loses it.
  ['s3://bucket/key?', 'bucket', 'key?'],
  ['s3://bucket/key#part', 'bucket', 'key#part'],
  ['s3://bucket/a%20b+c', 'bucket', 'a%20b+c'],
  ['s3://Bucket.Name/key', 'Bucket.Name', 'key'],
])('%s', (path, bucket, key) => {
  expect(parseS3Path(path)).toEqual({ bucket, key })
})

test.each(['bucket/key', '/bucket/key', 's3:/bucket/key', 's3:///key', 'http://bucket/key', ''])(
  '%j is none',
  (path) => {
    expect(() => parseS3Path(path)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
  },
)

// Hadoop had them so; a secret of AWS may hold a slash.
test.each([
  's3n://AKIAID:SECRETKEY@bucket/key',
  's3n://AKIAID:SECRET/KEY@bucket/key',
  's3://SECRETKEY@bucket',
  'https://AKIAID:SECRETKEY@bucket/key',
  'AKIAID:SECRETKEY@bucket/key',
])('what may be a secret in a path is not repeated: %s', (path) => {
  try {
    parseS3Path(path)
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-options' })
    expect(String((error as Error).message)).not.toMatch(/SECRET|KEY/)
  }
})

// Luigi strips them, and writes to another key.
test('control characters are no part of a key', async () => {
  const client = new S3Client({ buckets: { bucket: memoryStore() } })
  const put = client.putString('x', 's3://bucket/a\tb\n')
  await expect(put).rejects.toMatchObject({ code: 'invalid-key' })
})
