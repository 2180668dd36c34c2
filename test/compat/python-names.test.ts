/** Who comes from Python writes its names: none of them is dropped in silence, with the environment's server or identity in its place. */
import { expect, test } from 'vitest'
import { S3Bucket } from '../../src/compat/buildflow/index.ts'
import { runSink } from '../../src/compat/bytewax/index.ts'
import { S3Client } from '../../src/compat/luigi/index.ts'
import { fileSink, s3Destination } from '../../src/compat/quix-streams/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'

const SECRET = 'wJalrXUtnFEMI'
const keys = { awsAccessKeyId: 'AKIA', awsSecretAccessKey: SECRET }
const written = { ...keys, aws_secret_access_key: SECRET }

test.each<[string, string, () => unknown]>([
  ['S3Client', 'awsSecretAccessKey', () => new S3Client(written)],
  ['s3Destination', 'awsSecretAccessKey', () => s3Destination({ ...written, bucket: 'b' })],
  [
    'S3Bucket',
    'fileFormat',
    () => new S3Bucket({ bucketName: 'b', store: memoryStore(), ...{ file_format: 'CSV' } }),
  ],
  [
    'S3Bucket.options',
    'forceDestroy',
    () =>
      new S3Bucket({ bucketName: 'b', store: memoryStore() }).options({
        force_destroy: true,
      } as object),
  ],
  [
    'fileSink',
    'exactlyOnce',
    () => fileSink({ destination: memoryStore(), ...{ exactly_once: true } }),
  ],
])('%s refuses the Python name of %s', (_, here, make) => {
  const refused = expect.objectContaining({
    code: 'invalid-options',
    message: expect.stringContaining(here),
  })
  expect(make).toThrow(refused)
  expect(make).not.toThrow(SECRET)
})

test('a destination without a bucket is refused', () => {
  const options = { ...keys, ...{ bucketName: 'b' } } as object as { bucket: string }
  expect(() => s3Destination(options)).toThrow('bucket is missing')
})

test('runSink says whose option resumeEpoch is', async () => {
  const none = { build: () => ({ writeBatch() {}, close() {} }) }
  const options = { resumeEpoch: 3 } as object
  await expect(runSink([], none, options)).rejects.toMatchObject({
    code: 'invalid-options',
    message: expect.stringContaining('storeRecovery'),
  })
})
