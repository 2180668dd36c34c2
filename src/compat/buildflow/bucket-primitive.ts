import type { Format, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { csv } from '../../formats/csv.ts'
import { jsonl } from '../../formats/jsonl.ts'
import { type S3Client, s3Client } from '../../s3/client.ts'
import { createSink, type SinkOptions } from '../../sinks/create-sink.ts'
import { s3ClientStore } from '../../stores/s3.ts'
import { withPrefix } from '../../stores/with-prefix.ts'
import { CLIENT_OPTIONS } from '../s3-option-names.ts'
import { checkSettings } from './check-settings.ts'
import { filePlace } from './file-place.ts'
import type { SinkPrimitive, SinkReplicaOptions } from './primitive.ts'
import type {
  S3BucketConnection,
  S3BucketOptions,
  S3BucketSettings,
  S3BucketStore,
  S3FileOptions,
} from './s3-bucket-options.ts'
import { S3BucketSink } from './s3-bucket-sink.ts'

/** Who writes only JSON loads no Parquet, and a runtime may have an encoder of its own. */
export type LoadParquet = () => Promise<Format<object>>

type Bucket<Place> = { readonly bucketName: string } & S3FileOptions & Place

const FILE_OPTIONS: OptionNames<Bucket<object>> = {
  bucketName: true,
  filePath: true,
  fileFormat: true,
  fileIds: true,
  rotate: true,
  log: true,
  schema: true,
  drift: true,
  memoryBytes: true,
  maxPendingBytes: true,
  maxRecordBytes: true,
  clock: true,
}
const STORE_OPTIONS: OptionNames<Bucket<S3BucketStore>> = { ...FILE_OPTIONS, store: true }
const CONNECTION_OPTIONS: OptionNames<Bucket<S3BucketConnection>> = {
  ...FILE_OPTIONS,
  ...CLIENT_OPTIONS,
  awsRegion: true,
  endpoint: true,
  credentials: true,
  storage: true,
}
const REPLICA: OptionNames<SinkReplicaOptions> = { replica: true }

/** What `S3Bucket` is in every runtime. */
export class BucketPrimitive implements SinkPrimitive {
  readonly bucketName: string
  /** `s3://` and the bucket's name. */
  readonly bucketUrl: string
  /** The bucket, to read what is in it. */
  readonly store: Store
  /** What `manage` calls. `undefined` for a bucket that was given as a `store`. */
  readonly client: S3Client | undefined
  readonly #options: S3BucketOptions
  readonly #loadParquet: LoadParquet
  #settings: S3BucketSettings = {}

  constructor(options: S3BucketOptions, loadParquet: LoadParquet) {
    // Of JavaScript, whoever leaves them all out.
    const given = options ?? {}
    checkOptionNames('S3Bucket', given, 'store' in given ? STORE_OPTIONS : CONNECTION_OPTIONS)
    const { bucketName } = given
    if (typeof bucketName !== 'string' || bucketName === '') {
      throw new SluiceError('invalid-options', 'S3Bucket: bucketName is missing')
    }
    this.bucketName = bucketName
    this.bucketUrl = `s3://${bucketName}`
    this.#options = options
    this.#loadParquet = loadParquet
    if ('store' in options) {
      this.store = options.store
    } else {
      this.client = clientOf(options)
      const { capabilities, storage } = options
      this.store = s3ClientStore(this.client, { capabilities, storage })
    }
  }

  /** How it is managed. Each call says all of it: what it leaves out has its default. Answers with the same bucket. Errors: `invalid-options`. */
  options(settings: S3BucketSettings = {}): this {
    checkSettings(settings)
    this.#settings = settings
    return this
  }

  get settings(): S3BucketSettings {
    return this.#settings
  }

  /**
   * One replica of this bucket as a sink, with a file of its own. Errors: `invalid-options` without `filePath` or `fileFormat`, and for options that
   * cannot be; `invalid-key` for a path that no store can hold.
   */
  async sink(options: SinkReplicaOptions = {}): Promise<S3BucketSink> {
    checkOptionNames('S3Bucket.sink', options, REPLICA)
    const { replica = 0 } = options
    const { filePath, fileFormat, rotate = {}, fileIds = 'uuid', clock } = this.#options
    if (filePath === undefined || fileFormat === undefined) {
      const missing = filePath === undefined ? 'filePath' : 'fileFormat'
      const message = `The bucket "${this.bucketName}" can be managed and is no sink: it has no ${missing}`
      throw new SluiceError('invalid-options', message)
    }
    const { folder, name, stream } = filePlace(filePath)
    const format = await this.#formatOf(fileFormat)
    const log = this.#options.log?.(replica)
    const durable = log !== undefined && !log.inMemory
    const { schema, drift, memoryBytes, maxRecordBytes } = this.#options
    // One file for each replica: a disk has room for all of it, where its owner says nothing else.
    const { maxPendingBytes = durable ? Number.POSITIVE_INFINITY : undefined } = this.#options
    const { records, bytes = Number.POSITIVE_INFINITY, idleMs, schedule } = rotate
    const { ageMs = Number.POSITIVE_INFINITY } = rotate
    const sink = createSink<object>({
      store: folder === '' ? this.store : withPrefix(this.store, folder),
      format,
      stream,
      name: `${name}-{uuid}.{ext}`,
      fileIds,
      rotate: { records, bytes, ageMs, idleMs, schedule },
      // Of a log in memory, each process counts from 0.
      shard: durable ? String(replica) : undefined,
      log,
      // No two files ever have one name.
      probe: false,
      ...{ schema, drift, memoryBytes, maxPendingBytes, maxRecordBytes, clock },
    } satisfies SinkOptions<object>)
    return new S3BucketSink({ sink, folder, durable, clock })
  }

  async #formatOf(fileFormat: NonNullable<S3BucketOptions['fileFormat']>): Promise<Format<object>> {
    if (typeof fileFormat !== 'string') return fileFormat
    switch (fileFormat.toUpperCase()) {
      case 'JSON':
        return jsonl<object>()
      case 'CSV':
        return csv<object>()
      case 'PARQUET':
        return this.#loadParquet()
    }
    const message = `fileFormat is JSON, CSV, PARQUET or a Format, not ${JSON.stringify(fileFormat).slice(0, 100)}`
    throw new SluiceError('invalid-options', message)
  }
}

function clientOf(options: { readonly bucketName: string } & S3BucketConnection): S3Client {
  const { bucketName: bucket, awsRegion: region, credentials } = options
  if (credentials) return s3Client({ ...options, bucket, region, credentials })
  throw new SluiceError(
    'unauthenticated',
    'This bucket was given no credentials; that of sluice/node/buildflow finds those of the environment',
  )
}
