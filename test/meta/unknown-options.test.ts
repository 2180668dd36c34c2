/**
 * From JavaScript, or as in Python: no option that nobody knows is passed over in silence, which would be another codec, another
 * identity or another server than was meant.
 */
import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { consumer, S3Bucket } from '../../src/compat/buildflow/index.ts'
import {
  DirSink,
  FileSink,
  initRecovery,
  logRecovery,
  runSink,
  StoreSink,
  storeRecovery,
} from '../../src/compat/bytewax/index.ts'
import { runKafkaSink } from '../../src/compat/kafka/index.ts'
import { S3Client, S3FlagTarget, S3Target, text } from '../../src/compat/luigi/index.ts'
import {
  fileSink,
  jsonFormat,
  parquetFormat,
  s3Destination,
} from '../../src/compat/quix-streams/index.ts'
import { append, lazyCombiner, lazyReader, lazyWriter } from '../../src/files/msglc/index.ts'
import { csv } from '../../src/formats/csv.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { encodeMsglc, msglc } from '../../src/formats/msglc/index.ts'
import { zlibCodec } from '../../src/formats/parquet/codecs/zlib.ts'
import { zstdCodec } from '../../src/formats/parquet/codecs/zstd.ts'
import { parquetColumns } from '../../src/formats/parquet/columns/index.ts'
import { parquet } from '../../src/formats/parquet/index.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { S3Bucket as NodeS3Bucket } from '../../src/node/buildflow.ts'
import { S3Client as NodeS3Client, S3Target as NodeS3Target } from '../../src/node/luigi.ts'
import {
  fileSink as nodeFileSink,
  s3Destination as nodeS3Destination,
} from '../../src/node/quix-streams.ts'
import { createSink } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'

const SECRET = 'wJalrXUtnFEMI'
const connection = { awsAccessKeyId: 'AKIA', awsSecretAccessKey: SECRET }
const store = memoryStore()
const client = new S3Client({ buckets: { b: store } })
const fs = { open: () => Promise.reject(new Error('nothing is opened')) }
const bucket = new S3Bucket({ bucketName: 'b', store, filePath: 'f', fileFormat: 'JSON' })

type Made = (options: object) => unknown
/** Where they go, one that is misspelt, and what the message names beside it. */
type Case = readonly [what: string, unknown: string, known: string, make: Made]

const cases: readonly Case[] = [
  ['createSink', 'rotateBy', 'rotate', (o) => createSink({ store, format: jsonl(), ...o })],
  ['parquet', 'compression', 'codec', (o) => parquet(o)],
  ['parquet', 'row_group_rows', 'rowGroupRows', (o) => parquet(o)],
  ['parquet', 'columns.a.encodings', 'encoding', (o) => parquet({ columns: { a: o } })],
  ['parquet', 'sortedBy.desc', 'descending', (o) => parquet({ sortedBy: [{ column: 'a', ...o }] })],
  ['parquet', 'inference.nest', 'nested', (o) => parquet({ inference: o })],
  ['parquetColumns', 'onFallback', 'schema', (o) => parquetColumns(o)],
  ['zstdCodec', 'lvl', 'level', (o) => zstdCodec(o)],
  ['zlibCodec', 'lvl', 'level', (o) => zlibCodec(zlib, 'gzip', o)],
  ['csv', 'seperator', 'delimiter', (o) => csv(o)],
  ['msglc', 'smallByte', 'smallBytes', (o) => msglc(o)],
  ['encodeMsglc', 'packb', 'codec', (o) => encodeMsglc(1, o)],
  ['lazyWriter', 'partSize', 'partBytes', (o) => lazyWriter(store, 'k', o)],
  ['lazyReader', 'cached', 'cacheBytes', (o) => lazyReader(new Uint8Array(0), o)],
  ['lazyReader', 'cache_bytes', 'cacheBytes', (o) => lazyReader(store, 'k', o)],
  ['lazyCombiner', 'codek', 'codec', (o) => lazyCombiner(store, 'k', o)],
  ['append', 'codec', 'magic', (o) => append(store, 'k', [], o)],
  ['S3Bucket', 'file_format', 'fileFormat', (o) => new S3Bucket({ bucketName: 'b', store, ...o })],
  [
    'S3Bucket',
    'region',
    'awsRegion',
    (o) => new S3Bucket({ bucketName: 'b', credentials: 'anonymous', ...o }),
  ],
  // Of a bucket that is there already nobody calls a server.
  ['S3Bucket', 'endpoint', 'filePath', (o) => new S3Bucket({ bucketName: 'b', store, ...o })],
  [
    'S3Bucket',
    'end_point',
    'endpoint',
    (o) => new NodeS3Bucket({ bucketName: 'b', env: {}, ...o }),
  ],
  ['S3Bucket.options', 'force_destroy', 'forceDestroy', (o) => bucket.options(o)],
  ['S3Bucket.sink', 'replicas', 'replica', (o) => bucket.sink(o)],
  ['consumer', 'numReplicas', 'replicas', (o) => consumer([], () => {}, bucket, o)],
  ['fileSink', 'exactly_once', 'exactlyOnce', (o) => fileSink({ destination: store, ...o })],
  ['fileSink', 'dir', 'directory', (o) => nodeFileSink(o)],
  ['jsonFormat', 'compressed', 'compress', (o) => jsonFormat(o)],
  ['parquetFormat', 'codec', 'compression', (o) => parquetFormat(o)],
  [
    's3Destination',
    'region',
    'regionName',
    (o) => s3Destination({ bucket: 'b', ...connection, ...o }),
  ],
  [
    's3Destination',
    'aws_secret_access_key',
    'awsSecretAccessKey',
    (o) => nodeS3Destination({ bucket: 'b', env: {}, ...o }),
  ],
  ['S3Client', 'aws_region', 'regionName', (o) => new S3Client({ ...connection, ...o })],
  ['S3Client', 'regionName', 'connections', (o) => new S3Client({ buckets: {}, ...o })],
  ['S3Client', 'connection', 'connections', (o) => new NodeS3Client({ env: {}, ...o })],
  ['S3Client.remove', 'recursiv', 'recursive', (o) => client.remove('s3://b/k', o)],
  ['S3Client.mkdir', 'raise_if_exists', 'raiseIfExists', (o) => client.mkdir('s3://b/k', o)],
  ['S3Client.list', 'start_time', 'startTime', (o) => client.list('s3://b/k', o).next()],
  ['S3Client.list', 'start_time', 'startTime', (o) => client.listdir('s3://b/k', o).next()],
  ['S3Client.copy', 'part_size', 'storageClass', (o) => client.copy('s3://b/k', 's3://b/l', o)],
  ['S3Client.move', 'startTime', 'threads', (o) => client.move('s3://b/k', 's3://b/l', o)],
  ['S3Client.put', 'Acl', 'tags', (o) => client.put(new Uint8Array(0), 's3://b/k', o)],
  ['S3Client.put', 'part_size', 'partSize', (o) => client.putString('', 's3://b/k', o)],
  ['S3Target', 'ContentType', 'contentType', (o) => new S3Target('s3://b/k', { client, ...o })],
  ['S3Target', 'flag', 'client', (o) => new NodeS3Target('s3://b/k', { client, ...o })],
  ['S3FlagTarget', 'flags', 'flag', (o) => new S3FlagTarget('s3://b/k/', { client, ...o })],
  [
    'S3Target.open',
    'max_line_length',
    'maxLineLength',
    (o) => new S3Target('s3://b/k', { client }).open('r', o),
  ],
  [
    'S3Target.open',
    'contentType',
    'signal',
    (o) => new S3Target('s3://b/k', { client }).open('w', o),
  ],
  ['text', 'encodign', 'encoding', (o) => text(o)],
  ['runSink', 'epoch_interval', 'epochMs', (o) => runSink([], { build: () => ({}) } as never, o)],
  ['storeRecovery', 'backup_interval', 'backupMs', (o) => storeRecovery(store, 'r', o)],
  ['logRecovery', 'backup', 'backupMs', (o) => logRecovery(memoryLog(), o)],
  ['FileSink', 'ending', 'end', (o) => new FileSink('out.txt', { fs, ...o })],
  ['DirSink', 'file_namer', 'fileNamer', (o) => new DirSink('out', 2, { fs, ...o })],
  [
    'StoreSink',
    'assign_part',
    'assignPart',
    (o) => new StoreSink(store, 'out', 2, { format: jsonl(), ...o }),
  ],
  [
    'runKafkaSink',
    'auto_offset_reset',
    'autoOffsetReset',
    (o) =>
      runKafkaSink({
        topics: 't',
        sink: fileSink({ destination: store }),
        brokers: 'b',
        groupId: 'g',
        ...o,
      }),
  ],
]

describe('an option that nobody knows is refused by name', () => {
  test.each(cases)('%s: %s, where there is %s', async (what, unknown, known, make) => {
    const name = unknown.slice(unknown.lastIndexOf('.') + 1)
    const made = async (): Promise<unknown> => make({ [name]: SECRET })
    const error: unknown = await made().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-options' })
    const { message } = error as Error
    expect(message).toMatch(`${what}: there is no option "${unknown}"; there `)
    expect(message).toContain(known)
    expect(message).not.toContain(SECRET)
  })
})

test('a destination without a bucket is refused', () => {
  const options = { ...connection, ...{ bucketName: 'b' } } as object as { bucket: string }
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

test('nothing was written', async () => {
  await initRecovery(store, 'r')
  const keys: string[] = []
  for await (const entry of store.list()) if (entry.kind === 'object') keys.push(entry.key)
  expect(keys).toEqual(['r/0000000000000001'])
})
